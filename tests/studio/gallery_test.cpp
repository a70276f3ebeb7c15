#include "studio/gallery.h"

#include <gtest/gtest.h>
#include <zip.h>

#include <fstream>

#include "studio/coded_error.h"
#include "studio/gallery_search.h"
#include "studio/pictures.h"
#include "studio/schema.h"
#include "studio/zip_export.h"
#include "support/golden.h"

namespace pentimento {
namespace {

class GalleryTest : public ::testing::Test {
 protected:
  int64_t add(const std::string& prompt, const std::string& bytes, InputHashes inputs = {},
              std::optional<int64_t> job = {}) {
    NewPicture picture;
    picture.file_bytes = bytes;
    picture.format = "png";
    picture.kind = "img2img";
    picture.prompt = prompt;
    picture.model = "dreamshaper_8";
    picture.infotext = prompt + "\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5";
    picture.inputs = std::move(inputs);
    picture.job = job;
    return gallery_.add(picture).picture.id;
  }
  size_t found(const std::string& text) { return gallery_.list({.text = text}).items.size(); }

  testing::TempDir folder_;
  double time_ = 1000;
  Database db_{folder_ / "studio.sqlite", studio_migrations()};
  Gallery gallery_{db_, folder_ / "results", [this] { return time_++; }};
};

TEST_F(GalleryTest, FindsChineseWordsOfAnyLength) {
  add("一只猫坐在沙发上，水彩画", "1");
  add("夕阳下的城市", "2");
  EXPECT_EQ(found("水彩画"), 1u);
  EXPECT_EQ(found("水彩"), 1u);
  EXPECT_EQ(found("猫"), 1u);
  EXPECT_EQ(found("城市"), 1u);
  EXPECT_EQ(found("猫 城市"), 0u);
  EXPECT_EQ(found("狗"), 0u);
}

TEST_F(GalleryTest, FindsPartsOfWordsInAnyParameter) {
  add("oil painting of a castle", "1");
  EXPECT_EQ(found("cast"), 1u);
  EXPECT_EQ(found("OIL"), 1u);
  EXPECT_EQ(found("Sampler: Euler"), 1u);
  EXPECT_EQ(found("dreamsh"), 1u);
  EXPECT_EQ(found("\"oil painting\""), 1u);
  EXPECT_EQ(found("\"painting oil\""), 0u);
}

TEST_F(GalleryTest, TakesSearchTextAsTextNotAsAQuery) {
  add("100% wool_\"quoted\" OR", "1");
  for (const char* text : {"\" OR 1=1 --", "*", "NEAR(", "a AND", "%", "_", "\\", "words:", "'"})
    EXPECT_NO_THROW(found(text)) << text;
  EXPECT_EQ(found("100%"), 1u);
  EXPECT_EQ(found("%%"), 0u);
}

TEST_F(GalleryTest, GivesEveryPictureOnceWhenPaging) {
  for (int i = 0; i < 25; ++i) add("x", std::to_string(i));
  std::vector<int64_t> seen;
  PictureFilter filter{.limit = 10};
  while (true) {
    const PicturePage page = gallery_.list(filter);
    for (const auto& picture : page.items) seen.push_back(picture.id);
    if (!page.next) break;
    filter.cursor = *page.next;
  }
  ASSERT_EQ(seen.size(), 25u);
  EXPECT_TRUE(std::is_sorted(seen.rbegin(), seen.rend()));
  EXPECT_THROW(gallery_.list({.cursor = "'; DROP TABLE"}), CodedError);
}

TEST_F(GalleryTest, TheTrashCanBeUndoneUntilItIsEmptied) {
  const auto id = add("x", "1");
  const auto file = gallery_.file(gallery_.get(id));
  EXPECT_TRUE(gallery_.erase({id}).empty()) << "only from the trash";
  gallery_.trash({id});
  EXPECT_TRUE(gallery_.list({}).items.empty());
  EXPECT_EQ(gallery_.list({.trashed = true}).items.size(), 1u);
  gallery_.restore({id});
  EXPECT_EQ(gallery_.list({}).items.size(), 1u);
  gallery_.trash({id});
  EXPECT_EQ(gallery_.erase({id}), std::vector<int64_t>{id});
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_THROW(gallery_.get(id), Error);
}

TEST_F(GalleryTest, KeepsAFileThatAnotherPictureStillHas) {
  const auto a = add("x", "same", {}, 1), b = add("x", "same", {}, 2);
  gallery_.trash({a});
  gallery_.erase({a});
  EXPECT_TRUE(std::filesystem::exists(gallery_.file(gallery_.get(b))));
}

TEST_F(GalleryTest, APictureOfAJobIsOneHoweverOftenItIsMade) {
  const auto first = add("x", "1", {}, 7), again = add("x", "1", {}, 7);
  EXPECT_EQ(first, again);
  EXPECT_EQ(gallery_.of_job(7).size(), 1u);
}

TEST_F(GalleryTest, FindsByTagFavouriteAndDate) {
  const auto id = add("x", "1");
  add("y", "2");
  gallery_.set_tags(id, {"cat", "best", "cat"});
  gallery_.set_favourite(id, true);
  EXPECT_EQ(gallery_.get(id).tags, (std::vector<std::string>{"best", "cat"}));
  EXPECT_EQ(gallery_.list({.tag = "cat"}).items.size(), 1u);
  EXPECT_EQ(gallery_.list({.favourite = true}).items.size(), 1u);
  EXPECT_EQ(found("best"), 1u);
  EXPECT_EQ(gallery_.list({.from = gallery_.get(id).created + 0.5}).items.size(), 1u);
  EXPECT_EQ(gallery_.tags().size(), 2u);
  EXPECT_THROW(gallery_.set_tags(id, {""}), CodedError);
}

TEST_F(GalleryTest, KnowsWhichPictureCameFromWhich) {
  const auto a = add("a", "1", {{"source", std::string(64, 'a')}});
  const auto b = add("b", "2", {{"source", gallery_.get(a).sha256}});
  const auto c = add("c", "3", {{"source", gallery_.get(b).sha256}});
  const Lineage lineage = gallery_.lineage(b);
  ASSERT_EQ(lineage.ancestors.size(), 2u);
  EXPECT_EQ(lineage.ancestors[0].id, public_id('p', a));
  EXPECT_TRUE(lineage.ancestors[1].is_input);
  ASSERT_EQ(lineage.descendants.size(), 1u);
  EXPECT_EQ(lineage.descendants[0].id, public_id('p', c));
}

TEST_F(GalleryTest, ReconcilingHidesRowsWithoutFilesAndSavesFilesWithoutRows) {
  const auto id = add("x", "1");
  std::filesystem::rename(gallery_.file(gallery_.get(id)), folder_ / "elsewhere.png");
  ContentStore store(folder_ / "results");
  const std::string orphan = store.put(std::as_bytes(std::span("orphan", 6)), "png");
  std::ofstream(folder_ / "results/half.png.1-2.part") << "half";
  const auto found = gallery_.reconcile(folder_ / "recovered");
  EXPECT_EQ(found.missing, 1);
  EXPECT_EQ(found.recovered, 1);
  EXPECT_TRUE(gallery_.list({}).items.empty());
  EXPECT_TRUE(std::filesystem::exists(folder_ / "recovered" / (orphan + ".png")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "results/half.png.1-2.part"));
  std::filesystem::rename(folder_ / "elsewhere.png", gallery_.file(gallery_.get(id)));
  EXPECT_EQ(gallery_.reconcile(folder_ / "recovered").missing, 0);
  EXPECT_EQ(gallery_.list({}).items.size(), 1u);
}

TEST_F(GalleryTest, ExportsAZipWithItsMetadata) {
  const auto id = add("x", "bytes of a picture");
  export_zip(folder_ / "out.zip", gallery_, {gallery_.get(id)}, {{{"prompt", "x"}}}, Metadata::Keep,
             folder_ / "cache");
  int code = 0;
  zip_t* zip = zip_open((folder_ / "out.zip").c_str(), ZIP_RDONLY, &code);
  ASSERT_NE(zip, nullptr);
  EXPECT_EQ(zip_get_num_entries(zip, 0), 2);
  EXPECT_GE(zip_name_locate(zip, "metadata.json", 0), 0);
  EXPECT_GE(zip_name_locate(zip, "00001.png", 0), 0);
  zip_close(zip);
}

TEST(SearchWords, KeepsQuotedPhrasesWhole) {
  EXPECT_EQ(search_words("a \"b c\" d"), (std::vector<std::string>{"a", "b c", "d"}));
  EXPECT_EQ(search_words("猫　狗"), (std::vector<std::string>{"猫", "狗"}));
  EXPECT_EQ(search_words("\"open"), (std::vector<std::string>{"open"}));
  EXPECT_TRUE(search_words("  \n").empty());
}

TEST(SafeName, KeepsNoFolders) {
  EXPECT_EQ(safe_name("../../etc/passwd"), "passwd");
  EXPECT_EQ(safe_name("C:\\x\\y.png"), "y.png");
  EXPECT_EQ(safe_name(".."), "picture");
  EXPECT_EQ(safe_name("a\r\nb.png"), "ab.png");
  EXPECT_EQ(safe_name("猫.png"), "猫.png");
}

TEST(Upload, RefusesWhatIsNoWelcomePicture) {
  for (const std::string& bytes :
       {std::string(), std::string("<svg xmlns='http://www.w3.org/2000/svg'/>"),
        std::string("II*\0", 4), std::string("GIF89a"), std::string("\x89PNG\r\n\x1a\n") + "cut"}) {
    try {
      decode_upload(as_bytes(bytes), "x");
      ADD_FAILURE() << bytes;
    } catch (const CodedError& error) {
      EXPECT_EQ(error.code(), "bad_picture");
    }
  }
}

TEST(Upload, NamesTheLimitThatIsMet) {
  const std::string bytes = encode_text(Image(40, 30, 3), {});
  for (const PictureLimits& limits :
       {PictureLimits{.max_bytes = 10}, PictureLimits{.max_pixels = 100},
        PictureLimits{.max_edge_px = 30}}) {
    try {
      decode_upload(as_bytes(bytes), "x", limits);
      ADD_FAILURE();
    } catch (const CodedError& error) {
      EXPECT_EQ(error.code(), "too_large");
      EXPECT_FALSE(error.limit().empty());
    }
  }
}

}  // namespace
}  // namespace pentimento
