// What the resident model promises beside its numbers (those are in tests/models/).
#include "runtime/stable_diffusion.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <fstream>
#include <thread>

#include "base/error.h"
#include "models/tiny_models.h"

namespace pentimento {
namespace {

using testing::Golden;
using testing::TempDir;
using testing::tiny_sd1;

ErrorKind kind_of(const std::function<void()>& act, const std::string& named) {
  try {
    act();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find(named), std::string::npos) << e.what();
    return e.kind();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorKind::Internal;
}

Tensor prompt() { return testing::row(Golden("models_sd1.safetensors").tensor("unet.prompts"), 0); }

Tensor predict_once(StableDiffusion& model) {
  const std::vector conditions{model.prepare({.context = prompt()}, 8, 8, {})};
  const Tensor x = Golden("models_sd1.safetensors").tensor("unet.square.x");
  return model.predict(x, 500, conditions, {})[0];
}

double psnr(const Tensor& a, const Tensor& reference) {
  double error = 0, low = 1e30, high = -1e30;
  for (size_t i = 0; i < a.size(); ++i) {
    error += std::pow(double{a.data[i]} - reference.data[i], 2) / static_cast<double>(a.size());
    low = std::min(low, double{reference.data[i]});
    high = std::max(high, double{reference.data[i]});
  }
  return 20 * std::log10((high - low) / std::sqrt(error));
}

// Smooth colours, as a photograph of the sky has them.
Tensor smooth_picture(int64_t height, int64_t width) {
  Tensor picture({1, 3, height, width});
  for (int64_t c = 0; c < 3; ++c)
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x)
        picture.data[(c * height + y) * width + x] = static_cast<float>(
            0.8 * std::sin(0.011 * static_cast<double>(x) + static_cast<double>(c)) *
            std::cos(0.008 * static_cast<double>(y)));
  return picture;
}

TEST(Precision, Bf16StaysWithin40DecibelsOfF32) {
  Runtime f32({.precision = Precision::F32}), bf16({.precision = Precision::BF16});
  const auto exact = testing::load(f32, tiny_sd1()), fast = testing::load(bf16, tiny_sd1());
  EXPECT_GE(psnr(predict_once(*fast), predict_once(*exact)), 40);
  const Golden golden("models_sd1.safetensors");
  const Tensor picture = golden.tensor("vae.picture"), latent = golden.tensor("vae.latent");
  EXPECT_GE(psnr(fast->encode(picture, {}), exact->encode(picture, {})), 40);
  EXPECT_GE(psnr(fast->decode(latent, {}), exact->decode(latent, {})), 40);
  const auto tokens = golden.integers("text.tokens");
  EXPECT_GE(
      psnr(fast->encode_text(0, tokens, 1, {}).hidden, exact->encode_text(0, tokens, 1, {}).hidden),
      40);
}

TEST(ResidentModel, GivesTheSameBytesForAnyNumberOfThreads) {
  Runtime one({.precision = Precision::F32, .threads = 1}),
      two({.precision = Precision::F32, .threads = 2});
  EXPECT_EQ(predict_once(*testing::load(one, tiny_sd1())).data,
            predict_once(*testing::load(two, tiny_sd1())).data);
}

TEST(ResidentModel, OneConditionGivesWhatItGivesBesideAnother) {
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, tiny_sd1());
  const Tensor x = Golden("models_sd1.safetensors").tensor("unet.square.x");
  const auto a = model->prepare({.context = prompt()}, 8, 8, {});
  const auto b = model->prepare({.context = Tensor({1, 77, 32}, 0.5f)}, 8, 8, {});
  const std::vector both{a, b}, swapped{b, a}, alone{b};
  const auto first = model->predict(x, 500, both, {});
  const auto second = model->predict(x, 500, swapped, {});
  const auto third = model->predict(x, 500, alone, {});
  EXPECT_LE(testing::relative_error(second[0].data, first[1].data), 1e-5);
  EXPECT_LE(testing::relative_error(second[1].data, first[0].data), 1e-5);
  EXPECT_LE(testing::relative_error(third[0].data, first[1].data), 1e-5);
}

class CompileCache : public ::testing::Test {
 protected:
  TempDir folder;
  RuntimeOptions options() const {
    return {.precision = Precision::F32, .cache_dir = folder / "networks"};
  }
  // The tiny model as one real file, so that cache entries can point into it.
  Checkpoint checkpoint() const {
    Checkpoint model = tiny_sd1();
    const auto path = folder / "tiny.safetensors";
    if (!std::filesystem::exists(path)) write_safetensors(path, model.unet, {});
    model.unet = read_safetensors(path).tensors;
    model.path = path;
    return model;
  }
};

TEST_F(CompileCache, SecondStartTakesNetworksFromDiskAndComputesTheSame) {
  std::vector<float> compiled;
  uint64_t bytes = 0;
  {
    Runtime runtime(options());
    const auto model = StableDiffusion::load(runtime, checkpoint(), "tiny-1");
    compiled = predict_once(*model).data;
    for (const auto& record : model->compile_records()) EXPECT_FALSE(record.from_cache);
    bytes = runtime.cache_bytes();
  }
  EXPECT_GT(bytes, 0u);
  // Weights stay in the model's file: the entries are smaller than it.
  uint64_t weights = std::filesystem::file_size(folder / "tiny.safetensors");
  EXPECT_LT(bytes, 2 * weights);
  Runtime runtime(options());
  const auto model = StableDiffusion::load(runtime, checkpoint(), "tiny-1");
  EXPECT_EQ(predict_once(*model).data, compiled);
  ASSERT_EQ(model->compile_records().size(), 2u);
  for (const auto& record : model->compile_records()) EXPECT_TRUE(record.from_cache);
}

TEST_F(CompileCache, OtherWeightsAndPrecisionsAreOtherEntries) {
  {
    Runtime runtime(options());
    predict_once(*StableDiffusion::load(runtime, checkpoint(), "tiny-1"));
    const auto other = StableDiffusion::load(runtime, checkpoint(), "tiny-2");
    predict_once(*other);
    for (const auto& record : other->compile_records()) EXPECT_FALSE(record.from_cache);
  }
  RuntimeOptions bf16 = options();
  bf16.precision = Precision::BF16;
  Runtime runtime(bf16);
  const auto model = StableDiffusion::load(runtime, checkpoint(), "tiny-1");
  predict_once(*model);
  for (const auto& record : model->compile_records()) EXPECT_FALSE(record.from_cache);
}

TEST_F(CompileCache, CanBeClearedAndIgnoresRubbish) {
  Runtime runtime(options());
  const auto expected = predict_once(*StableDiffusion::load(runtime, checkpoint(), "tiny-1")).data;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "networks"))
    std::ofstream(entry.path()) << "rubbish";
  const auto model = StableDiffusion::load(runtime, checkpoint(), "tiny-1");
  EXPECT_EQ(predict_once(*model).data, expected);
  for (const auto& record : model->compile_records()) EXPECT_FALSE(record.from_cache);
  runtime.clear_cache();
  EXPECT_EQ(runtime.cache_bytes(), 0u);
}

TEST(Cancel, EndsAnInferenceAndLeavesTheModelUsable) {
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, tiny_sd1());
  const Tensor latent({1, 4, 96, 96}, 0.1f);
  model->decode(latent, {});
  Progress progress;
  std::jthread asker([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    progress.cancel.cancel();
  });
  EXPECT_EQ(kind_of(
                [&] {
                  while (true) model->decode(latent, progress);
                },
                "cancelled"),
            ErrorKind::Cancelled);
  EXPECT_EQ(model->decode(latent, {}).shape, (Shape{1, 3, 768, 768}));
}

TEST(Cancel, DoesNotWaitForACompilation) {
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, tiny_sd1());
  Progress progress;
  progress.report = [&](const ProgressEvent& event) {
    if (event.stage == "compile") progress.cancel.cancel();
  };
  EXPECT_EQ(kind_of(
                [&] {
                  model->decode(Tensor({1, 4, 64, 64}), progress);
                },
                "cancelled"),
            ErrorKind::Cancelled);
  EXPECT_EQ(model->decode(Tensor({1, 4, 8, 8}), {}).shape, (Shape{1, 3, 64, 64}));
}

TEST(Tiles, ShowNoSeamOnASmoothPicture) {
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, tiny_sd1());
  // 1072 x 1088 is just above what is decoded whole.
  const Tensor latent = model->encode(smooth_picture(1072, 1088), {});
  EXPECT_EQ(latent.shape, (Shape{1, 4, 134, 136}));
  const Tensor decoded = model->decode(latent, {});
  ASSERT_EQ(decoded.shape, (Shape{1, 3, 1072, 1088}));
  // Across the middle of an overlap neighbouring pixels differ no more than elsewhere.
  double elsewhere = 0, overlap = 0;
  for (int64_t y = 0; y < 1072; ++y)
    for (int64_t x = 8; x + 1 < 1080; ++x) {
      const double step = std::abs(decoded.data[y * 1088 + x + 1] - decoded.data[y * 1088 + x]);
      double& most = x > 300 && x < 780 ? overlap : elsewhere;
      most = std::max(most, step);
    }
  EXPECT_LE(overlap, 1.05 * elsewhere);
}

TEST(ResidentModel, RefusesWhatDoesNotFit) {
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, tiny_sd1());
  const auto refuses = [&](const std::string& named, const std::function<void()>& act) {
    EXPECT_EQ(kind_of(act, named), ErrorKind::InvalidArgument) << named;
  };
  refuses("[1,77,99]", [&] { model->prepare({.context = Tensor({1, 77, 99})}, 8, 8, {}); });
  refuses("added vector", [&] {
    model->prepare({.context = prompt(), .added = Tensor({1, 5})}, 8, 8, {});
  });
  refuses("extra input channels", [&] {
    model->prepare({.context = prompt(), .concat = Tensor({1, 5, 8, 8})}, 8, 8, {});
  });
  refuses("multiple of 8", [&] { model->encode(Tensor({1, 3, 60, 64}), {}); });
  refuses("[1,5,8,8]", [&] { model->decode(Tensor({1, 5, 8, 8}), {}); });
  refuses("no condition", [&] { model->predict(Tensor({1, 4, 8, 8}), 1, {}, {}); });
  refuses("whole chunks", [&] { model->encode_text(0, std::vector<int64_t>(76), 1, {}); });
  refuses("clip skip 4", [&] { model->encode_text(0, std::vector<int64_t>(77), 4, {}); });
  refuses("token 1000", [&] { model->encode_text(0, std::vector<int64_t>(77, 1000), 1, {}); });
  VaeFile vae{.path = "sixteen.safetensors", .config = {.latent_channels = 16}};
  refuses("16 latent channels", [&] { StableDiffusion::load(runtime, tiny_sd1(), "", vae); });
}

TEST(ResidentModel, NamesTheTensorThatIsMissingOrMisshapen) {
  Runtime runtime(testing::f32_on_cpu());
  Checkpoint missing = tiny_sd1();
  missing.unet.erase("mid_block.resnets.0.conv1.weight");
  EXPECT_EQ(kind_of([&] { predict_once(*testing::load(runtime, missing)); },
                    "mid_block.resnets.0.conv1.weight"),
            ErrorKind::CorruptFile);
  Checkpoint misshapen = tiny_sd1();
  TensorView& weight = misshapen.unet["down_blocks.0.resnets.0.conv1.weight"];
  weight = weight.rows(0, 8);
  EXPECT_EQ(kind_of([&] { predict_once(*testing::load(runtime, misshapen)); },
                    "down_blocks.0.resnets.0.conv1"),
            ErrorKind::CorruptFile);
}

TEST(ResidentModel, TakesASeparateVae) {
  const Golden golden("models_variants.safetensors");
  Runtime runtime(testing::f32_on_cpu());
  VaeFile vae{.path = "tiny.safetensors",
              .config = {.tiny = true, .scaling_factor = 1},
              .tensors = testing::part(golden, "tiny")};
  const auto model = StableDiffusion::load(runtime, tiny_sd1(), "", vae);
  EXPECT_LE(testing::relative_error(model->encode(golden.tensor("picture"), {}).data,
                                    golden.tensor("tiny.latent").data),
            1e-4);
}

TEST(ResidentModel, ReadsWeightsAtOddOffsetsAndInEveryFloatType) {
  Checkpoint model = tiny_sd1();
  for (auto& [name, view] : model.unet) {
    auto bytes = std::make_shared<std::vector<std::byte>>(view.bytes.size() + 1);
    std::ranges::copy(view.bytes, bytes->begin() + 1);
    view.bytes = std::span(*bytes).subspan(1);
    view.owner = bytes;
    view.file = nullptr;
  }
  Runtime runtime(testing::f32_on_cpu());
  const auto expected = predict_once(*testing::load(runtime, tiny_sd1()));
  EXPECT_EQ(predict_once(*testing::load(runtime, std::move(model))).data, expected.data);

  Checkpoint wide = tiny_sd1();
  for (auto& [name, view] : wide.unet) {
    auto values = std::make_shared<std::vector<float>>(view.to_f32());
    view.dtype = DType::F32;
    view.bytes = std::as_bytes(std::span(*values));
    view.owner = values;
    view.file = nullptr;
  }
  EXPECT_LE(testing::relative_error(predict_once(*testing::load(runtime, std::move(wide))).data,
                                    expected.data),
            1e-5);
}

TEST(ResidentModel, EstimatesMoreMemoryForLargerPicturesAndMoreThanItsWeights) {
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, tiny_sd1());
  EXPECT_GT(model->estimate_bytes(1024, 1024), model->estimate_bytes(512, 512));
  EXPECT_GT(model->estimate_bytes(64, 64), uint64_t{100} << 20);
}

}  // namespace
}  // namespace pentimento
