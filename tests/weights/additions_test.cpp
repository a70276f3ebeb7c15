// ControlNets, IP-Adapters and CLIP in files of their own.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/golden.h"
#include "weights/checkpoint_files.h"
#include "weights/clip_file.h"
#include "weights/controlnet_file.h"
#include "weights/ip_adapter_file.h"
#include "weights/key_maps.h"
#include "weights/testing.h"

namespace pentimento {
namespace {

using testing::Golden;
using testing::SpoiledFile;
using testing::TempDir;
using testing::tensor_f32;

TensorView zeros(const Shape& shape) {
  return tensor_f32(shape, std::vector<float>(static_cast<size_t>(element_count(shape))));
}

TensorMap part(const char* golden, std::string_view prefix) {
  return below(Golden(golden).file().tensors, prefix);
}

std::filesystem::path saved(const TempDir& folder, const std::string& name, const TensorMap& map) {
  write_safetensors(folder / name, map, {});
  return folder / name;
}

// The way down of an LDM checkpoint, and what ControlNet adds to it, under LDM's names.
TensorMap ldm_controlnet() {
  TensorMap map;
  const TensorMap unet =
      below(SpoiledFile("weights_sd1.safetensors").tensors, "model.diffusion_model.");
  for (const auto& [name, view] : unet)
    if (name.starts_with("input_blocks.") || name.starts_with("middle_block.") ||
        name.starts_with("time_embed."))
      map["control_model." + name] = view;
  for (int i = 0; i <= 14; i += 2) {
    const std::string block = "control_model.input_hint_block." + std::to_string(i);
    map[block + ".weight"] = zeros({4, i ? 4 : 3, 3, 3});
    map[block + ".bias"] = zeros({4});
  }
  for (int i = 0; i < count_numbered(unet, "input_blocks."); ++i)
    map["control_model.zero_convs." + std::to_string(i) + ".0.weight"] = zeros({4, 4, 1, 1});
  map["control_model.middle_block_out.0.weight"] = zeros({4, 4, 1, 1});
  return map;
}

TEST(ControlNetFile, TurnsLdmsNamesIntoDiffusers) {
  const TempDir folder;
  const TensorMap ldm = ldm_controlnet();
  const ControlNetFile file = open_controlnet(saved(folder, "control.safetensors", ldm));
  EXPECT_EQ(file.tensors.size(), ldm.size());
  // The way down is named as the UNet's own.
  const TensorMap unet = unet_to_diffusers(below(SpoiledFile("weights_sd1.safetensors").tensors,
                                                 "model.diffusion_model."))
                             .tensors;
  size_t shared = 0;
  for (const auto& [name, view] : file.tensors)
    if (!name.starts_with("controlnet_")) {
      ASSERT_TRUE(unet.contains(name)) << name;
      EXPECT_TRUE(std::ranges::equal(view.bytes, unet.at(name).bytes)) << name;
      ++shared;
    }
  EXPECT_GT(shared, 20u);
  for (const char* name :
       {"controlnet_cond_embedding.conv_in.weight", "controlnet_cond_embedding.blocks.0.bias",
        "controlnet_cond_embedding.blocks.5.weight", "controlnet_cond_embedding.conv_out.weight",
        "controlnet_down_blocks.0.weight", "controlnet_mid_block.weight"})
    EXPECT_TRUE(file.tensors.contains(name)) << name;
  EXPECT_FALSE(file.global_pool);
  EXPECT_GT(file.cross_attention_dim, 0);

  // The same, cut out of its prefix and saved again under diffusers' names.
  TensorMap bare;
  for (const auto& [name, view] : ldm)
    bare[name.substr(std::string("control_model.").size())] = view;
  EXPECT_EQ(open_controlnet(saved(folder, "bare.safetensors", bare)).tensors.size(), ldm.size());
  const ControlNetFile again =
      open_controlnet(saved(folder, "control_shuffle.safetensors", file.tensors));
  EXPECT_EQ(again.tensors.size(), file.tensors.size());
  EXPECT_TRUE(again.global_pool);
}

TEST(ControlNetFile, AFolderSaysMoreThanAName) {
  const TempDir folder;
  const TensorMap tensors =
      open_controlnet(saved(folder, "control.safetensors", ldm_controlnet())).tensors;
  const auto path = folder / "net";
  std::filesystem::create_directories(path);
  write_safetensors(path / "diffusion_pytorch_model.safetensors", tensors, {});
  EXPECT_FALSE(open_controlnet(path).global_pool);
  testing::write_bytes(path / "config.json",
                       R"({"_class_name":"ControlNetModel","global_pool_conditions":true})");
  EXPECT_TRUE(open_controlnet(path).global_pool);
  testing::write_bytes(
      path / "config.json",
      R"({"_class_name":"ControlNetModel","controlnet_conditioning_channel_order":"bgr"})");
  testing::refusal(ErrorKind::Unsupported, [&] { open_controlnet(path); });
  std::filesystem::create_directories(folder / "empty");
  testing::refusal(ErrorKind::NotFound, [&] { open_controlnet(folder / "empty"); });
}

TEST(ControlNetFile, RefusesItsRelativesByName) {
  const TempDir folder;
  const auto refused = [&](const std::string& extra, const std::string& named,
                           ErrorKind kind = ErrorKind::Unsupported) {
    TensorMap map = ldm_controlnet();
    if (extra == "alone") map.clear();
    map[extra == "alone" ? named : extra] = zeros({2, 2});
    return testing::refusal(kind, [&] { open_controlnet(saved(folder, "x.safetensors", map)); });
  };
  EXPECT_NE(refused("lllite_unet_input_blocks_1_1.down.0.weight", "").find("LLLite"),
            std::string::npos);
  EXPECT_NE(refused("lora_controlnet", "").find("Control-LoRA"), std::string::npos);
  EXPECT_NE(refused("control_model.task_embedding", "").find("union"), std::string::npos);
  EXPECT_NE(refused("difference", "").find("difference"), std::string::npos);
  EXPECT_NE(refused("transformer_blocks.0.attn.to_q.weight", "").find("transformer"),
            std::string::npos);
  EXPECT_NE(refused("alone", "adapter.body.0.block1.weight").find("T2I-Adapter"),
            std::string::npos);
  EXPECT_NE(refused("alone", "lora_unet_x.lora_down.weight").find("a LoRA"), std::string::npos);
}

TEST(ControlNetFile, RefusesIncompleteFiles) {
  const TempDir folder;
  TensorMap four = ldm_controlnet();
  four["control_model.input_hint_block.0.weight"] = zeros({4, 4, 3, 3});
  EXPECT_NE(testing::refusal(ErrorKind::Unsupported,
                             [&] { open_controlnet(saved(folder, "four.safetensors", four)); })
                .find("4 channels"),
            std::string::npos);
  TensorMap cut = ldm_controlnet();
  cut.erase("control_model.input_blocks.0.0.weight");
  testing::refusal(ErrorKind::CorruptFile,
                   [&] { open_controlnet(saved(folder, "cut.safetensors", cut)); });
}

TEST(IpAdapterFile, TellsItsKindsFromNamesAndShapes) {
  const TempDir folder;
  struct Expected {
    const char* name;
    IpAdapterFile::Kind kind;
    int features, tokens;
  };
  for (const auto& [name, kind, features, tokens] :
       {Expected{"plain", IpAdapterFile::Kind::Plain, 12, 4},
        {"plus", IpAdapterFile::Kind::Plus, 16, 5},
        {"full", IpAdapterFile::Kind::Full, 16, 0}}) {
    const auto path = saved(folder, "ip.safetensors",
                            part("models_image_prompts.safetensors", std::string(name) + "/"));
    const IpAdapterFile file = open_ip_adapter(path);
    EXPECT_EQ(file.kind, kind) << name;
    EXPECT_EQ(file.features, features) << name;
    EXPECT_EQ(file.tokens, tokens) << name;
    EXPECT_EQ(file.cross_attention_dim, 8) << name;
    EXPECT_EQ(file.attentions, 4) << name;
  }
}

TEST(IpAdapterFile, RefusesFaceRecognisersByName) {
  const TempDir folder;
  const auto refused = [&](const std::string& base, const std::string& name, const Shape& shape) {
    TensorMap map = part("models_image_prompts.safetensors", base + "/");
    if (base == "plain") map.erase("image_proj.proj.weight");
    map[name] = zeros(shape);
    return testing::refusal(ErrorKind::Unsupported,
                            [&] { open_ip_adapter(saved(folder, "face.safetensors", map)); });
  };
  EXPECT_NE(refused("plain", "image_proj.proj.0.weight", {16, 512}).find("FaceID"),
            std::string::npos);
  EXPECT_NE(refused("full", "ip_adapter.0.to_q_lora.down.weight", {4, 16}).find("FaceID"),
            std::string::npos);
  EXPECT_NE(refused("plus", "image_proj.perceiver_resampler.latents", {1, 4, 4}).find("FaceID"),
            std::string::npos);
  EXPECT_NE(refused("full", "image_proj.proj.0.weight", {16, 512}).find("FaceID"),
            std::string::npos);
  EXPECT_NE(refused("plus", "image_proj.proj_in.weight", {8, 512}).find("InstantID"),
            std::string::npos);
}

TEST(IpAdapterFile, RefusesOtherKindsAndIncompleteFiles) {
  const TempDir folder;
  const TensorMap plain = part("models_image_prompts.safetensors", "plain/");
  const auto refused = [&](ErrorKind kind, const TensorMap& map) {
    return testing::refusal(kind, [&] { open_ip_adapter(saved(folder, "ip.safetensors", map)); });
  };
  TensorMap gap = plain;
  gap.erase("ip_adapter.3.to_k_ip.weight");
  EXPECT_NE(refused(ErrorKind::CorruptFile, gap).find("without a gap"), std::string::npos);
  TensorMap half;
  for (const auto& [name, view] : plain)
    if (name.starts_with("ip_adapter.")) half[name] = view;
  EXPECT_NE(refused(ErrorKind::CorruptFile, half).find("one half"), std::string::npos);
  TensorMap misshapen = plain;
  misshapen["image_proj.proj.weight"] = zeros({32});
  refused(ErrorKind::CorruptFile, misshapen);
  EXPECT_NE(refused(ErrorKind::Unsupported, {{"lora_unet_x.lora_down.weight", zeros({1, 1})}})
                .find("a LoRA"),
            std::string::npos);
}

TensorMap whole_clip() { return part("models_image_prompts.safetensors", "clip/"); }

TEST(ClipFile, ReadsBothTowersOrTheImageTowerAlone) {
  const TempDir folder;
  const TensorMap both = whole_clip();
  const ClipFile clip = open_clip(saved(folder, "clip.safetensors", both));
  EXPECT_EQ(clip.vision.image_size, 28);
  EXPECT_EQ(clip.vision.patch_size, 7);
  EXPECT_EQ(clip.vision.layers, 3);
  EXPECT_EQ(clip.vision.projection_dim, 12);
  ASSERT_TRUE(clip.text.has_value());
  EXPECT_EQ(clip.text->layers, 2);
  EXPECT_EQ(clip.text->vocab_size, 40);
  TensorMap vision;
  for (const auto& [name, view] : both)
    if (!name.starts_with("text_")) vision[name] = view;
  EXPECT_FALSE(open_clip(saved(folder, "vision.safetensors", vision)).text.has_value());
}

TEST(ClipFile, TakesHeadsAndActivationFromItsConfiguration) {
  const TempDir folder;
  const auto path = saved(folder, "model.safetensors", whole_clip());
  EXPECT_EQ(open_clip(path).vision.heads, 1);
  EXPECT_EQ(open_clip(path).vision.activation, Activation::Gelu);
  testing::write_bytes(folder / "config.json",
                       R"({"model_type":"clip","vision_config":{"num_attention_heads":2,
                           "hidden_act":"quick_gelu"},"text_config":{"num_attention_heads":4}})");
  const ClipFile named = open_clip(folder.path());
  EXPECT_EQ(named.vision.heads, 2);
  EXPECT_EQ(named.vision.activation, Activation::QuickGelu);
  EXPECT_EQ(named.text->heads, 4);
  EXPECT_EQ(named.text->activation, Activation::QuickGelu);
  testing::write_bytes(folder / "config.json",
                       R"({"model_type":"clip_vision_model","num_attention_heads":3})");
  testing::refusal(ErrorKind::CorruptFile, [&] { open_clip(path); });
}

// OpenCLIP's layout: query, key and value in one matrix, the projection transposed.
TensorMap open_clip_layout(const TensorMap& clip) {
  TensorMap text_like;  // the vision tower under a text tower's names, turned by the known way back
  TensorMap result;
  for (const auto& [name, view] : clip) {
    constexpr std::string_view kVision = "vision_model.";
    if (name.starts_with("vision_model.encoder."))
      text_like["text_model." + name.substr(kVision.size())] = view;
    else if (name == "visual_projection.weight")
      text_like["text_projection.weight"] = view;
  }
  for (const auto& [name, view] : diffusers_to_open_clip(text_like).tensors)
    result["visual." + (name == "text_projection" ? "proj" : name)] = view;
  const std::string embeddings = "vision_model.embeddings.";
  result["visual.class_embedding"] = clip.at(embeddings + "class_embedding");
  result["visual.positional_embedding"] = clip.at(embeddings + "position_embedding.weight");
  result["visual.conv1.weight"] = clip.at(embeddings + "patch_embedding.weight");
  for (const char* leaf : {"weight", "bias"}) {
    result[std::string("visual.ln_pre.") + leaf] =
        clip.at(std::string("vision_model.pre_layrnorm.") + leaf);
    result[std::string("visual.ln_post.") + leaf] =
        clip.at(std::string("vision_model.post_layernorm.") + leaf);
  }
  return result;
}

TEST(ClipFile, ReadsOpenClipsLayoutToo) {
  const TempDir folder;
  const TensorMap clip = whole_clip();
  const ClipFile read = open_clip(saved(folder, "open.safetensors", open_clip_layout(clip)));
  size_t expected = 0;
  for (const auto& [name, view] : clip) {
    if (!name.starts_with("vis")) continue;
    ++expected;
    ASSERT_TRUE(read.vision_tensors.contains(name)) << name;
    EXPECT_TRUE(std::ranges::equal(read.vision_tensors.at(name).bytes, view.bytes)) << name;
  }
  EXPECT_EQ(read.vision_tensors.size(), expected);
  EXPECT_FALSE(read.text.has_value());
}

TEST(ClipFile, RefusesOtherKindsAndImpossibleShapes) {
  const TempDir folder;
  const auto refused = [&](ErrorKind kind, const TensorMap& map) {
    return testing::refusal(kind, [&] { open_clip(saved(folder, "clip.safetensors", map)); });
  };
  EXPECT_NE(refused(ErrorKind::Unsupported, {{"lora_unet_x.lora_down.weight", zeros({1, 1})}})
                .find("a LoRA"),
            std::string::npos);
  TensorMap oblong = whole_clip();
  oblong["vision_model.embeddings.position_embedding.weight"] = zeros({12, 16});
  EXPECT_NE(refused(ErrorKind::CorruptFile, oblong).find("a square"), std::string::npos);
  TensorMap flat = whole_clip();
  flat["vision_model.embeddings.patch_embedding.weight"] = zeros({16, 3});
  refused(ErrorKind::CorruptFile, flat);
  TensorMap hollow;
  for (const auto& [name, view] : whole_clip())
    if (!name.starts_with("vision_model.encoder.")) hollow[name] = view;
  EXPECT_NE(refused(ErrorKind::CorruptFile, hollow).find("no layers"), std::string::npos);
  testing::refusal(ErrorKind::NotFound, [&] { open_clip(folder.path()); });
}

}  // namespace
}  // namespace pentimento
