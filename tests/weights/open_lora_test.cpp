#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "support/golden.h"
#include "weights/key_maps.h"
#include "weights/lora_merge.h"
#include "weights/lora_set.h"
#include "weights/tensor_file.h"
#include "weights/testing.h"

namespace pentimento {
namespace {

using ::testing::HasSubstr;
using testing::TempDir;
using testing::tensor_f32;
using testing::write_bytes;

class OpenLora : public ::testing::Test {
 protected:
  TempDir dir;
  const std::string layer = "unet.mid_block.attentions.0.proj_in";

  // What a LoRA of rank 2 with up = down = 1 adds to a single weight: 2 alpha / rank.
  float added(const std::map<std::string, std::string>& metadata = {}) {
    write_safetensors(dir / "l.safetensors",
                      {{layer + ".lora_A.weight", tensor_f32({2, 1}, {1, 1})},
                       {layer + ".lora_B.weight", tensor_f32({1, 2}, {1, 1})}},
                      metadata);
    const auto lora = open_lora(dir / "l.safetensors", "l", dir / "cache");
    std::vector<float> weight = {0};
    merge(lora->parts.modules.at(0), LayerTensor::Weight, {1, 1}, 1, weight);
    return weight[0];
  }
  void config(const std::string& json) { write_bytes(dir / "adapter_config.json", json); }
};

TEST_F(OpenLora, TakesAlphaFromPeftsConfiguration) {
  EXPECT_EQ(added(), 2);
  config(R"({"peft_type": "LORA", "lora_alpha": 6, "r": 2})");
  EXPECT_EQ(added(), 6);
  config(R"({"peft_type": "LORA", "lora_alpha": 6, "r": 2, "use_rslora": true})");
  EXPECT_NEAR(added(), 2 * 6 / std::sqrt(2.0), 1e-5);
  config(R"({"peft_type": "LORA", "lora_alpha": 6, "alpha_pattern": {"proj_in": 1}})");
  EXPECT_EQ(added(), 1);
  config(R"({"peft_type": "LOHA", "alpha": 4})");
  EXPECT_EQ(added(), 4);
  for (const char* useless :
       {"{", "[]", R"({"lora_alpha": 6})", R"({"peft_type": "LORA", "lora_alpha": "much"})"}) {
    config(useless);
    EXPECT_EQ(added(), 2) << useless;
  }
}

TEST_F(OpenLora, TakesAlphaFromDiffusersMetadata) {
  EXPECT_EQ(added({{"lora_adapter_metadata",
                    R"({"unet.lora_alpha": 8, "unet.r": 2, "text_encoder.lora_alpha": 1})"}}),
            8);
  EXPECT_EQ(added({{"lora_adapter_metadata", std::string(100'000, '[')}}), 2);
}

TEST_F(OpenLora, ScalesWholeKroneckerFactorsAsPeftDoes) {
  config(R"({"peft_type": "LOKR", "alpha": 6, "r": 4})");
  write_safetensors(dir / "k.safetensors",
                    {{layer + ".lokr_w1", tensor_f32({1, 1}, {1})},
                     {layer + ".lokr_w2", tensor_f32({1, 1}, {2})}},
                    {});
  std::vector<float> weight = {0};
  merge(open_lora(dir / "k.safetensors", "k", dir / "cache")->parts.modules.at(0),
        LayerTensor::Weight, {1, 1}, 1, weight);
  EXPECT_EQ(weight[0], 3);
}

TEST_F(OpenLora, TurnsColumnsAsPeftsOftDoes) {
  const testing::Golden golden("weights_oft.safetensors");
  const auto configs = nlohmann::json::parse(golden.text("configs"));
  EXPECT_EQ(configs.size(), 15u);
  for (const auto& [name, settings] : configs.items()) {
    SCOPED_TRACE(name);
    config(settings.dump());
    write_safetensors(dir / "o.safetensors", below(golden.file().tensors, name + "/lora/"), {});
    const auto lora = open_lora(dir / "o.safetensors", "o", dir / "cache");
    ASSERT_EQ(lora->parts.modules.size(), 1u);
    EXPECT_EQ(method_names(lora->parts), "OFT");
    const TensorView& weight = golden.file().tensors.at(name + "/weight");
    const auto merged = [&](float strength) {
      std::vector<float> values = weight.to_f32();
      merge(lora->parts.modules[0], LayerTensor::Weight, weight.shape, strength, values);
      return values;
    };
    const std::vector<float> whole = golden.file().tensors.at(name + "/expected").to_f32();
    EXPECT_LT(testing::relative_error(merged(1), whole), 2e-6);
    EXPECT_EQ(merged(0), weight.to_f32());
    std::vector<float> half = weight.to_f32();
    for (size_t i = 0; i < half.size(); ++i) half[i] += 0.5f * (whole[i] - half[i]);
    EXPECT_LT(testing::relative_error(merged(0.5), half), 2e-6);
  }
}

TEST_F(OpenLora, RefusesOtherFiles) {
  write_safetensors(dir / "v.safetensors", {{"encoder.down.0.x", tensor_f32({1}, {1})}}, {});
  EXPECT_THAT(testing::refusal(ErrorKind::Unsupported,
                               [&] { open_lora(dir / "v.safetensors", "v", dir / "cache"); }),
              HasSubstr("is a VAE; use it beside a model; expected a LoRA"));
}

TEST(LayerIndex, KnowsEverySpellingOfALayer) {
  const TensorView one = tensor_f32({1, 1}, {1});
  const TensorMap unet = {
      {"down_blocks.0.resnets.0.conv1.weight", one},
      {"down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight", one},
      {"down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0.weight", one},
      {"mid_block.resnets.0.conv1.weight", one}};
  const TensorMap first = {{"text_model.encoder.layers.0.mlp.fc1.weight", one}}, second = first;
  const LayerIndex index(unet, {&first, &second});
  const auto part_of = [&](const std::string& name) {
    const LayerIndex::Layer* layer = index.find(name);
    return layer ? layer->part : -9;
  };
  const std::string q = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q";
  for (const std::string name :
       {"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q",
        "lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q",
        "lycoris_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q",
        "oft_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q",
        "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q",
        "base_model.model.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q",
        "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_q",
        "diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_q"}) {
    ASSERT_TRUE(index.find(name)) << name;
    EXPECT_EQ(index.find(name)->module, q) << name;
    EXPECT_EQ(part_of(name), LayerIndex::kUnet);
  }
  EXPECT_EQ(part_of("unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_out"),
            LayerIndex::kUnet);
  EXPECT_EQ(part_of("lora_unet_input_blocks_1_0_in_layers_2"), LayerIndex::kUnet);
  for (const char* name :
       {"lora_te_text_model_encoder_layers_0_mlp_fc1",
        "lora_te1_text_model_encoder_layers_0_mlp_fc1",
        "text_encoder.text_model.encoder.layers.0.mlp.fc1", "text_encoder.encoder.layers.0.mlp.fc1",
        "text_encoders.clip_l.transformer.text_model.encoder.layers.0.mlp.fc1"})
    EXPECT_EQ(part_of(name), 0) << name;
  for (const char* name : {"lora_te2_text_model_encoder_layers_0_mlp_fc1",
                           "text_encoder_2.text_model.encoder.layers.0.mlp.fc1",
                           "text_encoders.clip_g.transformer.text_model.encoder.layers.0.mlp.fc1"})
    EXPECT_EQ(part_of(name), 1) << name;
  EXPECT_EQ(part_of("lora_unet_nowhere"), -9);
  EXPECT_EQ(part_of(""), -9);
}

}  // namespace
}  // namespace pentimento
