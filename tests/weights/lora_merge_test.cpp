#include "weights/lora_merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "support/golden.h"
#include "weights/key_maps.h"
#include "weights/matrix.h"
#include "weights/testing.h"

namespace pentimento {
namespace {

using testing::Golden;
using ::testing::HasSubstr;
using testing::tensor_f32;

// Every case of a golden file; `count` of them.
void expect_merged(const char* file, size_t count) {
  const Golden golden(file);
  const TensorMap& tensors = golden.file().tensors;
  const auto multipliers = nlohmann::json::parse(golden.text("multipliers"));
  EXPECT_EQ(multipliers.size(), count);
  for (const auto& [name, multiplier] : multipliers.items()) {
    SCOPED_TRACE(name);
    const LoraParts lora = split_lora(below(tensors, name + "/lora/"));
    EXPECT_TRUE(lora.unknown.empty()) << lora.unknown.front();
    ASSERT_EQ(lora.modules.size(), 1u);
    const LoraModule& module = lora.modules[0];
    for (const auto& [tensor, what] :
         {std::pair(LayerTensor::Weight, "/weight"), std::pair(LayerTensor::Bias, "/bias")}) {
      if (!changes(module, tensor)) continue;
      const TensorView& original = tensors.at(name + what);
      std::vector<float> values = original.to_f32();
      EXPECT_EQ(misfit(module, tensor, original.shape).value_or(""), "");
      merge(module, tensor, original.shape, multiplier, values);
      const char* expected = tensor == LayerTensor::Bias ? "/expected_bias" : "/expected";
      EXPECT_LT(testing::relative_error(values, tensors.at(name + expected).to_f32()), 2e-6);
    }
  }
}

TEST(LoraMerge, GivesWhatPeftAndLycorisGiveForEveryMethod) {
  expect_merged("weights_lora.safetensors", 50);
}

TEST(LoraMerge, KnowsRareSpellings) { expect_merged("weights_lora_rare.safetensors", 22); }

LoraModule module_of(const TensorMap& parts) {
  TensorMap named;
  for (const auto& [suffix, tensor] : parts) named.emplace("lora_unet_x" + suffix, tensor);
  LoraParts lora = split_lora(named);
  EXPECT_EQ(lora.modules.size(), 1u);
  return lora.modules.empty() ? LoraModule{} : lora.modules[0];
}

std::vector<float> zeros(int64_t count) { return std::vector<float>(static_cast<size_t>(count)); }
TensorView blank(const Shape& shape) { return tensor_f32(shape, zeros(element_count(shape))); }

TEST(LoraMerge, AtStrengthZeroChangesNothing) {
  const Golden golden("weights_lora.safetensors");
  const auto multipliers = nlohmann::json::parse(golden.text("multipliers"));
  for (const auto& [name, multiplier] : multipliers.items()) {
    const LoraParts lora = split_lora(below(golden.file().tensors, name + "/lora/"));
    const TensorView& weight = golden.file().tensors.at(name + "/weight");
    if (name.starts_with("boft")) continue;  // LyCORIS rescales at any strength
    std::vector<float> values = weight.to_f32();
    merge(lora.modules.at(0), LayerTensor::Weight, weight.shape, 0, values);
    EXPECT_LT(testing::relative_error(values, weight.to_f32()), 1e-6) << name;
  }
}

TEST(LoraMerge, ReadsAlphaZeroAndNoAlphaAsTheRank) {
  for (const bool zero : {true, false}) {
    TensorMap parts = {{".lora_up.weight", tensor_f32({1, 2}, {1, 1})},
                       {".lora_down.weight", tensor_f32({2, 1}, {2, 3})}};
    if (zero) parts.emplace(".alpha", tensor_f32({}, {0}));
    std::vector<float> weight = {10};
    merge(module_of(parts), LayerTensor::Weight, {1, 1}, 1, weight);
    EXPECT_EQ(weight[0], 15);
  }
}

TEST(LoraMerge, RefusesWhatDoesNotFitAndSaysWhy) {
  const auto reason = [](const TensorMap& parts, const Shape& shape) {
    const LoraModule module = module_of(parts);
    const std::string text = misfit(module, LayerTensor::Weight, shape).value_or("fits");
    std::vector<float> values = zeros(element_count(shape));
    EXPECT_THAT(testing::refusal(ErrorKind::CorruptFile,
                                 [&] { merge(module, LayerTensor::Weight, shape, 1, values); }),
                HasSubstr(text));
    return text;
  };
  const TensorView up = blank({6, 2}), down = blank({2, 4});
  EXPECT_THAT(reason({{".lora_up.weight", up}, {".lora_down.weight", down}}, {6, 5}),
              HasSubstr("changes 24 numbers, the layer has [6,5]"));
  EXPECT_THAT(reason({{".lora_up.weight", up}}, {6, 4}), HasSubstr("lacks its up or down"));
  EXPECT_THAT(reason({{".lora_up.weight", up}, {".lora_down.weight", blank({3, 4})}}, {6, 4}),
              HasSubstr("do not fit each other"));
  EXPECT_THAT(
      reason({{".lora_up.weight", up}, {".lora_down.weight", down}, {".dora_scale", blank({5, 1})}},
             {6, 4}),
      HasSubstr("has 5 magnitudes"));
  EXPECT_THAT(reason({{".hada_w1_a", up}, {".hada_w1_b", down}}, {6, 4}),
              HasSubstr("lacks its hada_w2_a"));
  EXPECT_THAT(reason({{".lokr_w1", up}, {".lokr_w2", blank({2, 2})}}, {6, 8}),
              HasSubstr("makes 12 rows"));
  EXPECT_THAT(reason({{".oft_blocks", blank({2, 3, 4})}}, {6, 4}), HasSubstr("square ones"));
  EXPECT_THAT(reason({{".oft_blocks", blank({2, 4, 4})}}, {6, 4}), HasSubstr("turns 8 rows"));
  EXPECT_THAT(reason({{".oft_blocks", blank({30, 2, 3, 3})}}, {6, 4}), HasSubstr("fit nowhere"));
  EXPECT_THAT(reason({{".oft_R.weight", blank({2, 3})}}, {6, 4}), HasSubstr("turns 6 columns"));
  EXPECT_THAT(reason({{".oft_R.weight", blank({2, 4})}}, {6, 4}), HasSubstr("no triangles"));
  EXPECT_THAT(reason({{".oft_R.weight", blank({2})}}, {6, 4}), HasSubstr("expected [blocks,"));
  EXPECT_THAT(reason({{".oft_R.weight", blank({2, 1})}}, {4}), HasSubstr("columns of a matrix"));
  EXPECT_THAT(reason({{".a1.weight", up}}, {6, 4}), HasSubstr("lacks one of its four"));
  EXPECT_THAT(reason({{".weight", blank({3})}, {".on_input", blank({})}}, {6, 4}),
              HasSubstr("scales 3 features"));
  EXPECT_THAT(reason({{".diff", blank({5})}}, {6, 4}), HasSubstr("changes 5 numbers"));
  EXPECT_THAT(reason({{".w_norm", blank({5})}}, {6}), HasSubstr("changes 5 numbers"));
}

TEST(LoraParts, BringEmbeddingsAlongAndListWhatTheyDoNotKnow) {
  const LoraParts lora = split_lora({{"bundle_emb.my.word.string_to_param.*", blank({2, 4})},
                                     {"bundle_emb.pair.clip_g", blank({2, 4})},
                                     {"lora_unet_x.alpha", blank({})},
                                     {"stray", blank({1})}});
  EXPECT_TRUE(lora.modules.empty());
  EXPECT_TRUE(lora.embeddings.contains("my.word"));
  EXPECT_TRUE(lora.embeddings.contains("pair"));
  EXPECT_EQ(lora.unknown, (std::vector<std::string>{"stray", "lora_unet_x.alpha"}));
}

TEST(Matrix, CayleyOfASkewMatrixIsARotation) {
  Matrix q(3, 3, {0, 0.5f, -2, -0.5f, 0, 1, 2, -1, 0});
  const Matrix r = cayley(q), one = multiply(r, transposed(r));
  for (size_t i = 0; i < 9; ++i) EXPECT_NEAR(one.values[i], i % 4 == 0 ? 1 : 0, 1e-6);
  EXPECT_THAT(testing::refusal(ErrorKind::CorruptFile, [] { cayley(Matrix(1, 1, {1})); }),
              HasSubstr("cannot be inverted"));
}

TEST(LoraMerge, RefusesRarePartsThatDoNotFit) {
  const TensorView up = blank({12, 4}), down = blank({4, 20});
  const auto sparse = [&](TensorView indices, TensorView values, TensorView size) {
    return module_of({{".lora_up.weight", up},
                      {".lora_down.weight", down},
                      {".bias_indices", std::move(indices)},
                      {".bias_values", std::move(values)},
                      {".bias_size", std::move(size)}});
  };
  const auto why = [](const LoraModule& m, const Shape& shape) {
    return misfit(m, LayerTensor::Weight, shape).value_or("");
  };
  const Shape layer{12, 20};
  const TensorView size = tensor_f32({2}, {12, 20});
  EXPECT_EQ(why(sparse(blank({2, 3}), blank({3}), size), layer), "");
  EXPECT_THAT(why(sparse(blank({2, 3}), blank({4}), size), layer), HasSubstr("do not fit"));
  EXPECT_THAT(why(sparse(blank({3, 3}), blank({3}), size), layer), HasSubstr("do not fit"));
  EXPECT_THAT(why(sparse(blank({2, 3}), blank({3}), blank({2})), layer),
              HasSubstr("without a size"));
  EXPECT_THAT(why(sparse(blank({2, 3}), blank({3}), tensor_f32({2}, {12, 21})), layer),
              HasSubstr("a sparse part of [12,21]"));
  std::vector<float> values = zeros(240);
  const LoraModule outside = sparse(tensor_f32({2, 1}, {12, 0}), blank({1}), size);
  EXPECT_THROW(merge(outside, LayerTensor::Weight, layer, 1, values), Error);
  EXPECT_THAT(
      why(module_of(
              {{".lora_up.weight", up}, {".lora_down.weight", down}, {".bias_values", blank({3})}}),
          layer),
      HasSubstr("one of its three sparse parts"));
  EXPECT_THAT(
      why(module_of(
              {{".lora_up.weight", up}, {".lora_down.weight", down}, {".scalar", blank({2})}}),
          layer),
      HasSubstr("a scalar of shape [2]"));

  const auto oft = [&](const Shape& blocks) { return module_of({{".oft_r", blank(blocks)}}); };
  EXPECT_EQ(why(oft({3, 5, 5}), layer), "");  // the last one cut off
  EXPECT_THAT(why(oft({3, 4, 5}), layer), HasSubstr("expected square ones"));
  EXPECT_THAT(why(oft({4, 5, 5}), layer), HasSubstr("turns 20 rows"));
  EXPECT_THAT(why(oft({3, 4, 4}), {12}), HasSubstr("turns a matrix"));
  const auto columns = [&](const Shape& blocks, const Shape& scale) {
    return module_of({{".oft_r", blank(blocks)}, {".oft_s", blank(scale)}});
  };
  EXPECT_EQ(why(columns({4, 5, 5}, {12, 1}), layer), "");
  EXPECT_THAT(why(columns({3, 7, 7}, {12, 1}), layer), HasSubstr("turns 21 columns"));
  EXPECT_THAT(why(columns({4, 5, 5}, {20, 1}), layer), HasSubstr("scales 20 rows"));
}

}  // namespace
}  // namespace pentimento
