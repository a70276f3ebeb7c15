// LoRA tags from the prompt to the picture.
#include "pipelines/loras.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <functional>

#include "base/error.h"
#include "pipelines/img2img.h"
#include "pipelines/repeat.h"
#include "support/golden.h"
#include "support/refusal.h"
#include "weights/tensor_file.h"

namespace pentimento {
namespace {

using ::testing::ElementsAre;
using testing::golden_path;
using ::testing::HasSubstr;
using testing::refusal;
using testing::TempDir;
namespace fs = std::filesystem;

TensorView filled(const Shape& shape, float value) {
  auto owner =
      std::make_shared<std::vector<float>>(static_cast<size_t>(element_count(shape)), value);
  return {.dtype = DType::F32,
          .shape = shape,
          .bytes = std::as_bytes(std::span(*owner)),
          .owner = owner};
}

// A full difference to the first convolution of the tiny model: [16,4,3,3].
fs::path write_lora(const fs::path& path, float value,
                    const std::map<std::string, std::string>& metadata = {}) {
  fs::create_directories(path.parent_path());
  write_safetensors(path, {{"lora_unet_conv_in.diff", filled({16, 4, 3, 3}, value)}}, metadata);
  return path;
}

TEST(LoraTags, SayWhatA1111Reads) {
  const auto tags = lora_tags(
      "a <lora:one> b <lora:two:0.5> <lyco:three:0.5:2> <lora:f:te=0.25:unet=3>"
      "<lora:g:0.5:unet=0:dyn=8>");
  ASSERT_EQ(tags.size(), 5u);
  EXPECT_EQ(tags[0].name, "one");
  EXPECT_EQ(tags[0].te, 1);
  EXPECT_EQ(tags[0].unet, 1);
  EXPECT_EQ(tags[1].te, 0.5);
  EXPECT_EQ(tags[1].unet, 0.5);
  EXPECT_EQ(tags[2].te, 0.5);
  EXPECT_EQ(tags[2].unet, 2);
  EXPECT_EQ(tags[3].te, 0.25);
  EXPECT_EQ(tags[3].unet, 3);
  EXPECT_EQ(tags[4].unet, 0);
  EXPECT_EQ(without_tags("a <lora:one> b"), "a  b");
}

TEST(LoraTags, RefuseWhatTheyCannotMean) {
  EXPECT_THAT(refusal(ErrorKind::InvalidArgument, [] { lora_tags("<lora:a:much>"); }),
              HasSubstr("the strength must be a number"));
  EXPECT_THAT(refusal(ErrorKind::InvalidArgument, [] { lora_tags("<lora:a:nan>"); }),
              HasSubstr("from -100 to 100"));
  EXPECT_THAT(refusal(ErrorKind::InvalidArgument, [] { lora_tags("<lora:te=1>"); }),
              HasSubstr("names no file"));
  EXPECT_THAT(refusal(ErrorKind::Unsupported, [] { lora_tags("<hypernet:a:1>"); }),
              HasSubstr("networks of the type 'hypernet' are not supported"));
}

TEST(ExtraFiles, AreFoundByStemThenByAlias) {
  TempDir dir;
  write_lora(dir / "a/style.safetensors", 1, {{"ss_output_name", "my style"}});
  write_lora(dir / "a/deep/er/Face.safetensors", 1, {{"ss_output_name", "twin"}});
  write_lora(dir / "b/face2.safetensors", 1, {{"ss_output_name", "twin"}});
  write_lora(dir / "b/style.safetensors", 1, {{"ss_output_name", "none"}});
  std::error_code ignored;
  fs::create_directory_symlink(dir / "a", dir / "a/deep/circle", ignored);
  const auto files = extra_files_in({dir / "a", dir / "b", dir / "absent"}, {});
  EXPECT_EQ(files->loras().size(), 4u);
  EXPECT_EQ(find_lora(*files, "style").path, dir / "b/style.safetensors");  // the last found counts
  EXPECT_EQ(find_lora(*files, "my style").path, dir / "a/style.safetensors");
  EXPECT_EQ(find_lora(*files, "Face").path, dir / "a/deep/er/Face.safetensors");
  EXPECT_THAT(refusal(ErrorKind::NotFound, [&] { find_lora(*files, "twin"); }),
              HasSubstr("2 files call themselves so"));
  EXPECT_THAT(refusal(ErrorKind::NotFound, [&] { find_lora(*files, "none"); }),
              HasSubstr("there is no LoRA of that name"));
  EXPECT_THAT(refusal(ErrorKind::NotFound, [&] { find_lora(*files, "face"); }),
              HasSubstr("near it: Face, face2"));
  EXPECT_THAT(refusal(ErrorKind::NotFound, [&] { find_lora(*extra_files_in({}, {}), "x"); }),
              HasSubstr("put LoRA files into the models folder"));
}

TEST(ExtraFiles, AreJoinedTheSecondCounting) {
  TempDir dir;
  write_lora(dir / "a/style.safetensors", 1, {{"ss_output_name", "old"}});
  write_lora(dir / "b/style.safetensors", 1);
  write_lora(dir / "a/only.safetensors", 1);
  const auto both = joined(extra_files_in({dir / "a"}, {}), extra_files_in({dir / "b"}, {}));
  EXPECT_EQ(find_lora(*both, "style").path, dir / "b/style.safetensors");
  EXPECT_EQ(find_lora(*both, "only").path, dir / "a/only.safetensors");
  EXPECT_EQ(find_lora(*both, "old").path, dir / "a/style.safetensors");
  const auto twice = joined(extra_files_in({dir / "a"}, {}), extra_files_in({dir / "a"}, {}));
  EXPECT_EQ(twice->loras().size(), 2u);
  EXPECT_FALSE(both->lora_of_hash("0123456789"));
}

TEST(ExtraFiles, OfEmbeddingsLeaveOutPreviews) {
  TempDir dir;
  for (const char* name : {"a.pt", "b.preview.png", "c.png", "d.txt", "e.BIN"})
    std::ofstream(dir / name) << "x";
  std::vector<std::string> names;
  for (const auto& file : extra_files_in({}, {dir.path()})->embeddings())
    names.push_back(file.name);
  EXPECT_THAT(names, ElementsAre("a", "c", "e"));
}

class LoraPictures : public ::testing::Test {
 protected:
  TempDir dir;
  Runtime runtime{{.precision = Precision::F32, .threads = 2}};
  LoadedModel model{load_model(runtime, golden_path("pipelines_sd1"), {}, dir / "cache", {})};
  std::vector<std::string> reports;

  Img2ImgPicture paint(const std::string& prompt) {
    Img2ImgRequest r;
    r.prompt = prompt;
    r.seed = 3;
    r.steps = 2;
    r.width = r.height = 64;
    const InputImage* none = nullptr;
    const Img2ImgPlan plan = plan_img2img(model, r, none, 0, nullptr);
    Img2ImgOptions options;
    options.on_note = [&](const std::string& note) { reports.push_back(note); };
    return run_img2img(model, r, plan, none, options, {}).at(0);
  }
};

TEST_F(LoraPictures, AreOtherPicturesAndRememberTheirLoras) {
  write_lora(dir / "Lora/bright.safetensors", 0.02f);
  model.extras = extra_files_in({dir / "Lora"}, {});
  const Img2ImgPicture plain = paint("a cat"), with = paint("a cat<lora:bright:1>");
  EXPECT_NE(plain.image.pixels, with.image.pixels);
  EXPECT_THAT(reports, ElementsAre("bright: applied 1 of 1 modules"));
  EXPECT_EQ(with.infotext.prompt, "a cat<lora:bright:1>");
  const std::string hashes = with.infotext.get("Lora hashes").value_or("");
  EXPECT_THAT(hashes, HasSubstr("bright: "));
  EXPECT_EQ(hashes.size(), std::string("bright: ").size() + 12);
  EXPECT_FALSE(plain.infotext.get("Lora hashes"));
  // Without the tag the model is itself again; the tag alone is no other prompt.
  EXPECT_EQ(paint("a cat").image.pixels, plain.image.pixels);
  EXPECT_EQ(paint("a cat<lora:bright:0>").image.pixels, plain.image.pixels);
}

TEST_F(LoraPictures, ReadTheFileAgainOnlyWhenItChanged) {
  const fs::path path = write_lora(dir / "Lora/bright.safetensors", 0.02f);
  model.extras = extra_files_in({dir / "Lora"}, {});
  use_loras(model, "<lora:bright:1>");
  const auto file = model.loras.at(0).file;
  use_loras(model, "<lora:bright:0.3>");
  EXPECT_EQ(model.loras.at(0).file, file);
  const std::string hash = lora_hashes(model);
  write_lora(path, 0.5f);
  fs::last_write_time(path, fs::last_write_time(path) + std::chrono::seconds(2));
  use_loras(model, "<lora:bright:1>");
  EXPECT_NE(model.loras.at(0).file, file);
  EXPECT_NE(lora_hashes(model), hash);
}

// The checkpoint stays mapped: what is merged anew comes from there, not from the disk's name.
TEST_F(LoraPictures, AnotherStrengthOpensNoFileAgain) {
  fs::copy(golden_path("pipelines_sd1"), dir / "model", fs::copy_options::recursive);
  LoadedModel copy = load_model(runtime, dir / "model", {}, dir / "cache", {});
  write_lora(dir / "Lora/bright.safetensors", 0.02f);
  copy.extras = model.extras = extra_files_in({dir / "Lora"}, {});
  std::swap(model, copy);
  const auto half = paint("a cat<lora:bright:0.5>");
  fs::remove_all(dir / "model");
  const auto whole = paint("a cat<lora:bright:1>");
  EXPECT_NE(whole.image.pixels, half.image.pixels);
  const size_t compiled = model.networks->compile_records().size();
  EXPECT_EQ(paint("a cat<lora:bright:0.5>").image.pixels, half.image.pixels);
  EXPECT_EQ(model.networks->compile_records().size(), compiled) << "merged once for each strength";
  std::swap(model, copy);
  EXPECT_EQ(paint("a cat<lora:bright:1>").image.pixels, whole.image.pixels);
}

class Answers : public RunMemory {
 public:
  std::optional<Vec> recall(const std::string& question) override {
    if (next_ < kept_.size() && kept_[next_].first == question) return kept_[next_++].second;
    kept_.resize(next_);
    return std::nullopt;
  }
  void keep(const std::string& question, const Vec& answer) override {
    kept_.emplace_back(question, answer);
    next_ = kept_.size();
    ++kept;
  }
  void begin_picture() override { next_ = 0; }
  int kept = 0;

 private:
  std::vector<std::pair<std::string, Vec>> kept_;
  size_t next_ = 0;
};

// A job that was cut short goes on only with the very files it began with.
TEST_F(LoraPictures, GoOnFromAMemoryOnlyWithTheSameFiles) {
  const fs::path path = write_lora(dir / "Lora/bright.safetensors", 0.02f);
  model.extras = extra_files_in({dir / "Lora"}, {});
  Img2ImgRequest r;
  r.prompt = "a cat<lora:bright:1>";
  r.seed = 3;
  r.steps = 3;
  r.width = r.height = 64;
  const InputImage* none = nullptr;
  const Img2ImgPlan plan = plan_img2img(model, r, none, 0, nullptr);
  Answers memory;
  const auto run = [&] {
    Img2ImgOptions options;
    options.memory = &memory;
    memory.kept = 0;
    return run_img2img(model, r, plan, none, options, {}).at(0).image.pixels;
  };
  const auto first = run();
  const int calls = memory.kept;
  EXPECT_GE(calls, 3);
  EXPECT_EQ(run(), first);
  EXPECT_EQ(memory.kept, 0) << "all is remembered";
  write_lora(path, 0.5f);
  fs::last_write_time(path, fs::last_write_time(path) + std::chrono::seconds(2));
  const auto changed = run();
  EXPECT_EQ(memory.kept, calls) << "another file of that name: nothing is";
  EXPECT_EQ(paint("a cat<lora:bright:1>").image.pixels.size(), changed.size());
  EXPECT_NE(changed, first);
}

TEST_F(LoraPictures, RefuseAnUnknownNameBeforeAnythingRuns) {
  EXPECT_THAT(refusal(ErrorKind::NotFound, [&] { paint("<lora:bright:1>"); }),
              HasSubstr("no folder of LoRAs is known"));
  model.extras = extra_files_in({dir / "Lora"}, {});
  EXPECT_THAT(refusal(ErrorKind::NotFound, [&] { paint("<lora:bright:1>"); }),
              HasSubstr("<lora:bright>: there is no LoRA of that name"));
}

TEST_F(LoraPictures, TheHashIsOfTheTensorsOrWhatTheTrainerWrote) {
  const fs::path one = write_lora(dir / "Lora/one.safetensors", 0.02f);
  const fs::path two = write_lora(dir / "Lora/two.safetensors", 0.02f, {{"note", "x"}});
  const fs::path three = write_lora(dir / "Lora/three.safetensors", 0.02f,
                                    {{"sshs_model_hash", "0123456789abcdef0123456789abcdef"}});
  const auto hash = [&](const fs::path& path) { return open_lora(path, "x", dir / "cache")->hash; };
  EXPECT_EQ(hash(one), hash(two));
  EXPECT_EQ(hash(three), "0123456789ab");
}

TEST(RepeatReport, NamesLorasThatChanged) {
  const Image image(4, 4, 3);
  MadeWith then, now;
  then.pixels_sha256 = "1";
  now.pixels_sha256 = "2";
  then.lora_hashes = "a: 000000000000";
  now.lora_hashes = "a: 111111111111";
  EXPECT_THAT(compare_repeat(image, then, image, now).differences,
              ElementsAre("the set of LoRAs was a: 000000000000, now it is a: 111111111111"));
}

}  // namespace
}  // namespace pentimento
