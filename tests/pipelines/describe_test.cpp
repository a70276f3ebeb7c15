#include "pipelines/describe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>

#include "base/error.h"
#include "support/golden.h"

namespace pentimento {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Source = Description::Source;

Image orange() {
  Image image(32, 24, 3);
  for (size_t i = 0; i < image.pixels.size(); i += 3) {
    image.pixels[i] = 250;
    image.pixels[i + 1] = 127;
    image.pixels[i + 2] = 30;
  }
  return image;
}

const std::vector<Term> kTerms = {{"subject", "a cat", "一只猫"},
                                  {"subject", "a dog", "一只狗"},
                                  {"light", "daylight", "日光"},
                                  {"light", "moonlight", "月光"},
                                  {"garment", "no clothes visible", "不见衣物"},
                                  {"garment", "a hat", "帽子"}};

std::vector<std::string> words(const std::vector<RankedTerm>& ranked) {
  std::vector<std::string> en;
  for (const RankedTerm& term : ranked) en.push_back(term.term.en);
  return en;
}

TEST(TermTable, ShippedOneIsWholeAndHasEveryCategory) {
  const auto terms = read_terms(testing::source_path("assets/describe/terms.tsv"));
  std::map<std::string, int> categories;
  std::set<std::string> seen;
  for (const Term& term : terms) {
    ++categories[term.category];
    EXPECT_TRUE(seen.insert(term.category + "/" + term.en).second) << term.en << " twice";
    EXPECT_TRUE(static_cast<unsigned char>(term.zh[0]) >= 0x80 || term.zh.size() > 1) << term.en;
  }
  for (const char* category : {"subject", "medium", "style", "light", "colour", "garment"})
    EXPECT_GE(categories[category], 15) << category;
  EXPECT_EQ(categories.size(), 6u);
}

TEST(TermTable, SkipsCommentsAndTakesWindowsLineEnds) {
  testing::TempDir dir;
  std::ofstream(dir / "t.tsv") << "# a comment\r\n\r\nsubject\ta cat\t一只猫\r\n";
  EXPECT_THAT(read_terms(dir / "t.tsv"), ElementsAre(kTerms[0]));
}

TEST(TermTable, RefusesDamagedLinesByNumber) {
  testing::TempDir dir;
  for (const std::string& line : std::vector<std::string>{
           "subject", "subject\ta cat", "\ta cat\tx", "subject\t\tx", "subject\ta cat\t",
           "a\tb\tc\td", "a\tb\t" + std::string(300, 'x')}) {
    std::ofstream(dir / "t.tsv") << "# first\n" << line << "\n";
    try {
      read_terms(dir / "t.tsv");
      FAIL() << line;
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::CorruptFile);
      EXPECT_THAT(e.what(), HasSubstr("line 2 is not CATEGORY tab"));
    }
  }
  try {
    read_terms(dir / "none.tsv");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::NotFound);
  }
}

TEST(TermRanking, KeepsWhatStandsOutInEachCategory) {
  const auto ranked = rank_terms(kTerms, {0.30f, 0.20f, 0.2f, 0.2f, 0.2f, 0.28f});
  EXPECT_THAT(words(ranked), ElementsAre("a cat", "daylight", "moonlight", "a hat"));
  EXPECT_GT(ranked[0].share, 0.99);
  EXPECT_NEAR(ranked[1].share, 0.5, 1e-6);
}

TEST(TermRanking, SaysNothingWhereNothingStandsOut) {
  std::vector<Term> many;
  for (int i = 0; i < 20; ++i) many.push_back({"style", "s" + std::to_string(i), "风"});
  EXPECT_TRUE(rank_terms(many, std::vector<float>(20, 0.2f)).empty());
}

TEST(TermRanking, RefusesCountsThatDiffer) { EXPECT_THROW(rank_terms(kTerms, {0.1f}), Error); }

TEST(Describe, TheFilesOwnRecordWins) {
  DescribeInputs inputs{.recorded = Infotext{.prompt = "a fox", .negative_prompt = "blurry"},
                        .recorded_by = "ComfyUI",
                        .terms = kTerms};
  inputs.see = [](const Image&, const std::vector<Term>&) -> std::vector<float> {
    ADD_FAILURE() << "looked all the same";
    return {};
  };
  const Description d = describe_picture(orange(), inputs);
  EXPECT_EQ(d.source, Source::Recorded);
  EXPECT_EQ(d.prompt, "a fox");
  EXPECT_EQ(d.negative_prompt, "blurry");
  EXPECT_EQ(spoken_source(d), "recorded in the file by ComfyUI");
  EXPECT_EQ(d.appearance.width, 32);
}

TEST(Describe, ClipIsAskedNext) {
  DescribeInputs inputs{.terms = kTerms, .seen_by = "clip-vit-b32"};
  inputs.see = [](const Image& image, const std::vector<Term>& terms) {
    EXPECT_EQ(image, orange());
    EXPECT_EQ(terms, kTerms);
    return std::vector<float>{0.1f, 0.3f, 0.3f, 0.1f, 0.3f, 0.1f};
  };
  const Description d = describe_picture(orange(), inputs);
  EXPECT_EQ(d.source, Source::Seen);
  EXPECT_EQ(d.prompt, "a dog, daylight");  // that nobody wears anything is not worth saying
  EXPECT_EQ(d.prompt_zh, "一只狗，日光");
  EXPECT_THAT(spoken_source(d), HasSubstr("seen by clip-vit-b32"));
}

TEST(Describe, WithoutAModelItSaysThatItOnlyMeasured) {
  const Description d = describe_picture(orange(), {});
  EXPECT_EQ(d.source, Source::Measured);
  EXPECT_THAT(d.prompt, HasSubstr("warm tones"));
  EXPECT_THAT(d.prompt, HasSubstr("orange"));
  EXPECT_THAT(d.prompt_zh, HasSubstr("橙色"));
  EXPECT_THAT(spoken_source(d), HasSubstr("measured only"));
}

TEST(Describe, ARecordWithoutAPromptOrIgnoredDoesNotWin) {
  EXPECT_EQ(describe_picture(orange(), {.recorded = Infotext{}}).source, Source::Measured);
  EXPECT_EQ(
      describe_picture(orange(), {.recorded = Infotext{.prompt = "a fox"}, .ignore_recorded = true})
          .source,
      Source::Measured);
}

TEST(Describe, RefusesAnEmptyPicture) { EXPECT_THROW(describe_picture(Image(), {}), Error); }

}  // namespace
}  // namespace pentimento
