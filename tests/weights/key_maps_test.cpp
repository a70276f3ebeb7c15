#include "weights/key_maps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weights/checkpoint_files.h"

namespace pentimento {
namespace {

using testing::SpoiledFile;

void expect_equal(const TensorMap& found, const TensorMap& expected) {
  for (const auto& [name, tensor] : expected) {
    const auto at = found.find(name);
    if (at == found.end()) {
      ADD_FAILURE() << "lacks " << name;
      continue;
    }
    EXPECT_EQ(at->second.shape, tensor.shape) << name;
    EXPECT_TRUE(std::ranges::equal(at->second.bytes, tensor.bytes)) << name;
  }
  EXPECT_EQ(found.size(), expected.size());
}

const char* const kCheckpoints[] = {"weights_sd1.safetensors", "weights_sd2.safetensors",
                                    "weights_sdxl.safetensors", "weights_pruned.safetensors"};

TEST(NameTable, TranslatesByTheLongestModule) {
  NameTable table;
  table.add("a", "x");
  table.add("a.b", "y.z");
  EXPECT_EQ(table.to_diffusers("a.weight"), "x.weight");
  EXPECT_EQ(table.to_diffusers("a.b"), "y.z");
  EXPECT_EQ(table.to_diffusers("a.b.weight"), "y.z.weight");
  EXPECT_EQ(table.to_diffusers("ab.weight"), "");
  EXPECT_EQ(table.to_diffusers(""), "");
  EXPECT_EQ(table.to_diffusers("."), "");
  EXPECT_EQ(table.to_ldm("y.z.bias"), "a.b.bias");
}

TEST(UnetNames, ThereAndBackIsTheSameFile) {
  for (const char* name : kCheckpoints) {
    SCOPED_TRACE(name);
    const TensorMap ldm = below(SpoiledFile(name).tensors, "model.diffusion_model.");
    const Renamed diffusers = unet_to_diffusers(ldm);
    EXPECT_TRUE(diffusers.unknown.empty());
    const Renamed back = unet_to_ldm(diffusers.tensors);
    EXPECT_TRUE(back.unknown.empty());
    expect_equal(back.tensors, ldm);
  }
}

TEST(VaeNames, ThereAndBackIsTheSameFile) {
  for (const char* name : {"weights_sd1.safetensors", "weights_sdxl.safetensors"}) {
    const TensorMap ldm = below(SpoiledFile(name).tensors, "first_stage_model.");
    const Renamed diffusers = vae_to_diffusers(ldm);
    EXPECT_TRUE(diffusers.unknown.empty());
    EXPECT_EQ(diffusers.tensors.at("encoder.mid_block.attentions.0.to_q.weight").shape.size(), 2u);
    const Renamed back = vae_to_ldm(diffusers.tensors);
    EXPECT_TRUE(back.unknown.empty());
    expect_equal(back.tensors, ldm);
  }
}

TEST(VaeNames, OldNamesOfTheAttentionAreBroughtUpToDate) {
  const TensorMap current =
      vae_to_diffusers(below(SpoiledFile("weights_sd1.safetensors").tensors, "first_stage_model."))
          .tensors;
  TensorMap old;
  for (const auto& [name, tensor] : current) {
    std::string other = name;
    for (const auto& [to, from] : {std::pair{"to_q", "query"},
                                   {"to_k", "key"},
                                   {"to_v", "value"},
                                   {"to_out.0", "proj_attn"}})
      if (const size_t at = other.find(to); at != std::string::npos)
        other.replace(at, std::string(to).size(), from);
    const bool matrix = other != name && name.ends_with("weight");
    old.emplace(other, matrix ? tensor.reshaped({tensor.shape[0], tensor.shape[1], 1, 1}) : tensor);
  }
  EXPECT_TRUE(old.contains("decoder.mid_block.attentions.0.proj_attn.bias"));
  expect_equal(vae_modernised(old), current);
}

TEST(TextNames, ThereAndBackIsTheSameFile) {
  for (const auto& [name, prefix] :
       {std::pair{"weights_sd2.safetensors", "cond_stage_model.model."},
        {"weights_sdxl.safetensors", "conditioner.embedders.1.model."}}) {
    TensorMap open_clip = below(SpoiledFile(name).tensors, prefix);
    open_clip.erase("attn_mask");
    open_clip.erase("logit_scale");
    const Renamed diffusers = open_clip_to_diffusers(open_clip);
    EXPECT_TRUE(diffusers.unknown.empty());
    const Renamed back = diffusers_to_open_clip(diffusers.tensors);
    EXPECT_TRUE(back.unknown.empty());
    expect_equal(back.tensors, open_clip);
  }
}

TEST(TextNames, QueryKeyAndValueAreViewsOfTheFusedMatrix) {
  const TensorMap open_clip =
      below(SpoiledFile("weights_sd2.safetensors").tensors, "cond_stage_model.model.");
  const TensorMap clip = open_clip_to_diffusers(open_clip).tensors;
  const TensorView& fused = open_clip.at("transformer.resblocks.1.attn.in_proj_weight");
  const TensorView& v = clip.at("text_model.encoder.layers.1.self_attn.v_proj.weight");
  EXPECT_EQ(v.bytes.data(), fused.bytes.data() + 2 * fused.bytes.size() / 3);
}

TEST(TextNames, FlatNamesOfNewerTransformersGetTheirModule) {
  const TensorMap clip =
      below(SpoiledFile("weights_sd1.safetensors").tensors, "cond_stage_model.transformer.");
  TensorMap flat;
  for (const auto& [name, tensor] : clip)
    flat.emplace(name.substr(std::string("text_model.").size()), tensor);
  const TensorMap expected = clip_modernised(clip).tensors;
  EXPECT_FALSE(expected.contains("text_model.embeddings.position_ids"));
  expect_equal(clip_modernised(flat).tensors, expected);
}

TEST(TinyVaeNames, ThereAndBackIsTheSameFile) {
  const TensorMap tiny = SpoiledFile("weights_tiny_vae.safetensors").tensors;
  const Renamed original = tiny_vae_to_ldm(tiny);
  EXPECT_TRUE(original.unknown.empty());
  EXPECT_TRUE(original.tensors.contains("encoder.0.weight"));
  EXPECT_TRUE(original.tensors.contains("decoder.1.weight")) << "the clamp is counted";
  EXPECT_FALSE(original.tensors.contains("decoder.0.weight"));
  expect_equal(tiny_vae_to_diffusers(original.tensors).tensors, tiny);
}

TEST(KeyMaps, HostileNumbersCostLittle) {
  TensorMap tensors;
  const TensorView one = testing::tensor_f32({1}, {1});
  for (const char* name :
       {"input_blocks.99.0.in_layers.0.weight", "input_blocks.99999999999999999999.x",
        "output_blocks.99.0.in_layers.0.weight", "middle_block.99.transformer_blocks.99.x",
        "input_blocks.98.1.transformer_blocks.99.norm1.weight", "input_blocks..", "input_blocks.7"})
    tensors.emplace(name, one);
  const Renamed renamed = unet_to_diffusers(tensors);
  EXPECT_GT(renamed.unknown.size(), 0u);
  TensorMap deep;
  for (int block = 0; block < 100; ++block)
    deep.emplace("down_blocks." + std::to_string(block) +
                     ".attentions.99.transformer_blocks.99.norm1.weight",
                 one);
  for (int block = 0; block < 100; ++block)
    deep.emplace("down_blocks." + std::to_string(block) + ".resnets.99.x", one);
  EXPECT_EQ(missing_in_unet(deep).size(), 1000u) << "looking stops at a thousand";
}

}  // namespace
}  // namespace pentimento
