// Reference: diffusers and transformers (tests/golden/models_{sd2,sdxl,variants}.py).
#include <gtest/gtest.h>

#include "models/tiny_models.h"

namespace pentimento {
namespace {

using testing::Golden;
using testing::relative_error;
using testing::row;

constexpr double kTolerance = 1e-4;

TEST(Sd2, MatchesTheReference) {
  const Golden golden("models_sd2.safetensors");
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, testing::tiny_sd2());
  // Clip skip is the family's own: the penultimate layer, with the final norm.
  const auto encoding = model->encode_text(0, golden.integers("text.tokens"), 1, {});
  EXPECT_LE(relative_error(encoding.hidden.data, golden.tensor("text.hidden").data), kTolerance);
  EXPECT_TRUE(encoding.pooled.empty());

  const std::vector conditions{
      model->prepare({.context = golden.tensor("unet.prompt")}, 6, 10, {})};
  const auto predictions = model->predict(golden.tensor("unet.x"), 981, conditions, {});
  EXPECT_LE(relative_error(predictions[0].data, golden.tensor("unet.prediction").data), kTolerance);
}

TEST(Sdxl, TextMatchesTheReference) {
  const Golden golden("models_sdxl.safetensors");
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, testing::tiny_sdxl());
  const std::vector<int64_t> tokens = golden.integers("text.tokens");
  const auto first = model->encode_text(0, std::span(tokens).subspan(0, 77), 1, {});
  EXPECT_LE(relative_error(first.hidden.data, golden.tensor("text.first").data), kTolerance);
  EXPECT_TRUE(first.pooled.empty());
  const auto second = model->encode_text(1, std::span(tokens).subspan(77), 1, {});
  EXPECT_LE(relative_error(second.hidden.data, golden.tensor("text.second").data), kTolerance);
  EXPECT_LE(relative_error(second.pooled.data, golden.tensor("text.pooled").data), kTolerance);
}

TEST(Sdxl, UnetMatchesTheReferenceWithItsAddedVector) {
  const Golden golden("models_sdxl.safetensors");
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, testing::tiny_sdxl());
  std::vector<std::shared_ptr<const StableDiffusion::Prepared>> conditions;
  for (int64_t i : {0, 1})
    conditions.push_back(model->prepare({.context = row(golden.tensor("unet.prompts"), i),
                                         .added = row(golden.tensor("unet.added"), i)},
                                        8, 12, {}));
  const auto predictions = model->predict(golden.tensor("unet.x"), 250, conditions, {});
  EXPECT_LE(relative_error(predictions[0].data, golden.tensor("unet.first").data), kTolerance);
  EXPECT_LE(relative_error(predictions[1].data, golden.tensor("unet.second").data), kTolerance);
}

TEST(Lcm, UnetTakesTheGuidanceScale) {
  const Golden golden("models_variants.safetensors");
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, testing::tiny_pruned(/*lcm=*/true));
  const std::vector conditions{
      model->prepare({.context = golden.tensor("prompt"), .guidance_embedding = 6.5f}, 8, 8, {})};
  const auto predictions = model->predict(golden.tensor("x"), 499, conditions, {});
  EXPECT_LE(relative_error(predictions[0].data, golden.tensor("lcm.prediction").data), kTolerance);
}

TEST(PrunedUnet, RunsWithoutAMiddleBlock) {
  const Golden golden("models_variants.safetensors");
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, testing::tiny_pruned(/*lcm=*/false));
  const std::vector conditions{model->prepare({.context = golden.tensor("prompt")}, 8, 8, {})};
  const auto predictions = model->predict(golden.tensor("x"), 499, conditions, {});
  EXPECT_LE(relative_error(predictions[0].data, golden.tensor("pruned.prediction").data),
            kTolerance);
}

void expect_vae(const std::string& part, const VaeConfig& config, const std::string& key,
                float stretch) {
  const Golden golden("models_variants.safetensors");
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, testing::with_vae(part, config));
  const Tensor latent = model->encode(golden.tensor("picture"), {});
  EXPECT_LE(relative_error(latent.data, golden.tensor(key + ".latent").data), kTolerance);
  Tensor stretched = golden.tensor(key + ".latent");
  for (float& v : stretched.data) v *= stretch;
  const Tensor decoded = model->decode(stretched, {});
  EXPECT_LE(relative_error(decoded.data, golden.tensor(key + ".decoded").data), kTolerance);
}

TEST(Vae, WorksWithoutAttentionAndQuantConvolutionsAndWithAShift) {
  expect_vae("vae",
             {.latent_channels = 8,
              .scale_factor = 2,
              .block_out_channels = {16, 16},
              .layers_per_block = 1,
              .norm_num_groups = 8,
              .quant_conv = false,
              .scaling_factor = 0.5f,
              .shift_factor = 0.25f},
             "shifted", 1);
}

TEST(Vae, PerChannelStatisticsUndoThemselves) {
  VaeConfig config{.latent_channels = 8,
                   .scale_factor = 2,
                   .block_out_channels = {16, 16},
                   .norm_num_groups = 8,
                   .quant_conv = false,
                   .scaling_factor = 1};
  const Golden golden("models_variants.safetensors");
  Runtime runtime(testing::f32_on_cpu());
  const Tensor plain = testing::load(runtime, testing::with_vae("vae", config))
                           ->encode(golden.tensor("picture"), {});
  for (int c = 0; c < 8; ++c) {
    config.latents_mean.push_back(0.1f * static_cast<float>(c));
    config.latents_std.push_back(1.0f + 0.5f * static_cast<float>(c));
  }
  const auto model = testing::load(runtime, testing::with_vae("vae", config));
  const Tensor normed = model->encode(golden.tensor("picture"), {});
  const size_t plane = plain.size() / 8;
  for (size_t i = 0; i < plain.size(); ++i) {
    const size_t c = i / plane;
    EXPECT_NEAR(normed.data[i], (plain.data[i] - config.latents_mean[c]) / config.latents_std[c],
                1e-4);
  }
  EXPECT_LE(relative_error(model->decode(normed, {}).data,
                           testing::load(runtime, testing::with_vae("vae", {.latent_channels = 8,
                                                                            .scale_factor = 2,
                                                                            .norm_num_groups = 8,
                                                                            .scaling_factor = 1}))
                               ->decode(plain, {})
                               .data),
            kTolerance);
}

TEST(TinyVae, MatchesDiffusersAndClampsLargeLatents) {
  expect_vae("tiny", {.tiny = true, .latent_channels = 4, .scaling_factor = 1}, "tiny", 4);
}

TEST(TinyVae, HandlesPooledBlocksAnd32Channels) {
  expect_vae("wide", {.tiny = true, .latent_channels = 32, .scaling_factor = 1}, "wide", 1);
}

}  // namespace
}  // namespace pentimento
