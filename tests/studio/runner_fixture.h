// Runners with a real (tiny) model, a ControlNet, an IP-Adapter and CLIP beside it: from JSON to
// pictures, and from a picture's own request to the same picture again.
#pragma once

#include <gtest/gtest.h>

#include <fstream>

#include "image/codec.h"
#include "pipelines/add_on_files.h"
#include "studio/diffusion_tools.h"
#include "studio/model_library.h"
#include "studio/pictures.h"
#include "support/golden.h"

namespace pentimento::testing {

class RunnerTest : public ::testing::Test {
 protected:
  static constexpr size_t kVocabulary = 49408;
  static void SetUpTestSuite() {
    namespace fs = std::filesystem;
    folder_ = std::make_unique<TempDir>();
    const fs::path models = *folder_ / "data/models";
    for (const char* name : {"ControlNet", "ipadapter", "clip_vision"})
      fs::create_directories(models / name);
    fs::copy(golden_path("pipelines_sd1"), models / "tiny", fs::copy_options::recursive);
    write_controlnet(models / "ControlNet");
    write_ip_adapter(models / "ipadapter", "plain");
    write_clip_that_reads(models / "clip_vision");
    runtime_ = std::make_unique<Runtime>(RuntimeOptions{.precision = Precision::F32, .threads = 2});
    const std::shared_ptr<ModelCatalog> catalog = std::make_shared<ModelLibrary>(
        LibraryOptions{.data = *folder_ / "data", .cache = *folder_ / "cache"});
    tools_ = std::make_unique<DiffusionTools>(DiffusionTools{
        std::make_shared<ModelHolder>(*runtime_, *folder_ / "cache", catalog), catalog, nullptr,
        *folder_ / "timings.txt", std::make_shared<AddOns>(*runtime_, *folder_ / "cache")});
    write("source.png", Image(64, 48, 3, 120));
    Image mask(64, 48, 1, 0);
    for (int y = 16; y < 32; ++y)
      for (int x = 16; x < 48; ++x) mask.pixels[static_cast<size_t>(y * 64 + x)] = 255;
    write("mask.png", mask);
    Image lines(64, 48, 3, 10);
    for (int y = 0; y < 48; ++y) *lines.at(20, y) = *lines.at(21, y) = 250;
    write("lines.png", lines);
  }
  // The tiny CLIP with a vocabulary as large as the tokenizer's: its few rows over and over.
  static void write_clip_that_reads(const std::filesystem::path& folder) {
    const auto path = write_clip(folder) / "model.safetensors";
    TensorMap tensors = below(Golden("models_image_prompts.safetensors").file().tensors, "clip/");
    TensorView& words = tensors.at("text_model.embeddings.token_embedding.weight");
    const std::vector<float> few = words.to_f32();
    const auto width = static_cast<size_t>(words.shape[1]);
    const auto many = std::make_shared<std::vector<float>>(kVocabulary * width);
    for (size_t i = 0; i < many->size(); ++i) (*many)[i] = few[i % few.size()];
    words = {.dtype = DType::F32,
             .shape = {static_cast<int64_t>(kVocabulary), static_cast<int64_t>(width)},
             .bytes = std::as_bytes(std::span(*many)),
             .owner = many};
    write_safetensors(path, tensors, {});
  }
  static void TearDownTestSuite() {
    tools_.reset();
    runtime_.reset();
    folder_.reset();
  }
  static void write(const char* name, const Image& image) {
    std::ofstream(*folder_ / name, std::ios::binary) << encode_text(image, {.format = "png"});
  }
  static JobInput file(const char* sha256, const char* name) {
    return {sha256, name, *folder_ / name};
  }
  static JobInputs inputs() {
    return {{"source", file("aa", "source.png")}, {"mask", file("bb", "mask.png")}};
  }

  static Json resolved(JobRunner& runner, Json request, const JobInputs& files = inputs()) {
    const auto fields = runner.describe().fields;
    check(request, fields, "request");
    return runner.resolve(with_defaults(std::move(request), fields), files);
  }
  static std::vector<RunnerPicture> run(JobRunner& runner, const Json& request,
                                        const JobInputs& files = inputs()) {
    std::vector<RunnerPicture> pictures;
    RunnerPort port;
    port.wants_previews = false;
    port.picture = [&](int index, RunnerPicture picture) {
      EXPECT_EQ(index, static_cast<int>(pictures.size()));
      pictures.push_back(std::move(picture));
    };
    runner.run(request, files, port);
    return pictures;
  }
  // What the gallery would offer as "use these settings" makes the very picture.
  static void expect_repeatable(JobRunner& runner, const RunnerPicture& picture,
                                const JobInputs& files = inputs()) {
    EXPECT_TRUE(problems_of(picture.request, runner.describe().fields).empty());
    EXPECT_EQ(runner.resolve(picture.request, files), picture.request) << "all is decided";
    EXPECT_EQ(run(runner, picture.request, files).at(0).image.pixels, picture.image.pixels);
  }
  static Json small(Json more) {
    Json request = {{"prompt", "a cat"}, {"steps", 3}, {"seed", 9}, {"sampler", "Euler a"}};
    request.update(more);
    return request;
  }

  static inline std::unique_ptr<TempDir> folder_;
  static inline std::unique_ptr<Runtime> runtime_;
  static inline std::unique_ptr<DiffusionTools> tools_;
};

}  // namespace pentimento::testing
