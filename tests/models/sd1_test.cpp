// Reference: diffusers and transformers (tests/golden/models_sd1.py).
#include <gtest/gtest.h>

#include "models/tiny_models.h"

namespace pentimento {
namespace {

using testing::Golden;
using testing::relative_error;

constexpr double kTolerance = 1e-4;

class Sd1 : public ::testing::Test {
 protected:
  Golden golden{"models_sd1.safetensors"};
  Runtime runtime{testing::f32_on_cpu()};
  std::unique_ptr<StableDiffusion> model = testing::load(runtime, testing::tiny_sd1());

  Tensor prompt(int64_t i) const { return testing::row(golden.tensor("unet.prompts"), i); }
  std::shared_ptr<const StableDiffusion::Prepared> prepare(const Tensor& context, int h, int w) {
    return model->prepare({.context = context}, h, w, {});
  }
};

TEST_F(Sd1, TextMatchesTransformersAtEveryClipSkip) {
  const std::vector<int64_t> tokens = golden.integers("text.tokens");
  for (int skip : {1, 2, 3}) {
    const TextEncoding encoding = model->encode_text(0, tokens, skip, {});
    EXPECT_EQ(encoding.hidden.shape, (Shape{1, 77, 32}));
    EXPECT_LE(relative_error(encoding.hidden.data,
                             golden.tensor("text.hidden." + std::to_string(skip)).data),
              kTolerance)
        << skip;
  }
}

TEST_F(Sd1, UnetMatchesDiffusersForBothBranchesAtOnce) {
  for (const std::string name : {"square", "odd"}) {
    const Tensor x = golden.tensor("unet." + name + ".x");
    const int h = static_cast<int>(x.dim(2)), w = static_cast<int>(x.dim(3));
    const std::vector conditions{prepare(prompt(0), h, w), prepare(prompt(1), h, w)};
    const auto predictions = model->predict(x, 523.25, conditions, {});
    ASSERT_EQ(predictions.size(), 2u);
    EXPECT_LE(relative_error(predictions[0].data, golden.tensor("unet." + name + ".first").data),
              kTolerance);
    EXPECT_LE(relative_error(predictions[1].data, golden.tensor("unet." + name + ".second").data),
              kTolerance);
  }
}

TEST_F(Sd1, PromptsOfDifferentLengthsGiveWhatEachGivesAlone) {
  const Tensor x = golden.tensor("unet.odd.x");
  const std::vector conditions{prepare(prompt(0), 10, 6),
                               prepare(golden.tensor("unet.long_prompt"), 10, 6)};
  const auto predictions = model->predict(x, 523.25, conditions, {});
  EXPECT_LE(relative_error(predictions[0].data, golden.tensor("unet.odd.first").data), kTolerance);
  EXPECT_LE(relative_error(predictions[1].data, golden.tensor("unet.odd.long").data), kTolerance);
}

TEST_F(Sd1, InpaintingAndEditModelsTakeTheirExtraChannels) {
  for (const auto& [variant, channels] : {std::pair{"inpaint", 9}, {"edit", 8}}) {
    const auto wide = testing::load(runtime, testing::tiny_sd1_with_inputs(variant, channels));
    const std::string key = std::string("unet.") + variant;
    const UnetCondition condition{.context = prompt(0), .concat = golden.tensor(key + ".concat")};
    const std::vector conditions{wide->prepare(condition, 8, 8, {})};
    const auto predictions = wide->predict(golden.tensor("unet.square.x"), 7, conditions, {});
    EXPECT_LE(relative_error(predictions[0].data, golden.tensor(key + ".first").data), kTolerance)
        << variant;
  }
}

TEST_F(Sd1, VaeMatchesDiffusers) {
  const Tensor latent = model->encode(golden.tensor("vae.picture"), {});
  EXPECT_EQ(latent.shape, (Shape{1, 4, 6, 10}));
  EXPECT_LE(relative_error(latent.data, golden.tensor("vae.latent").data), kTolerance);
  const Tensor picture = model->decode(golden.tensor("vae.latent"), {});
  EXPECT_EQ(picture.shape, (Shape{1, 3, 48, 80}));
  EXPECT_LE(relative_error(picture.data, golden.tensor("vae.decoded").data), kTolerance);
}

}  // namespace
}  // namespace pentimento
