// Tiny random models from tests/golden/models_*.safetensors, as checkpoints ready to load.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/stable_diffusion.h"
#include "support/golden.h"

namespace pentimento::testing {

// The tensors under "PREFIX/", without it.
inline TensorMap part(const Golden& golden, std::string_view prefix) {
  const std::string start = std::string(prefix) + "/";
  TensorMap tensors;
  for (const auto& [name, view] : golden.file().tensors)
    if (name.starts_with(start)) tensors[name.substr(start.size())] = view;
  return tensors;
}

// Element `i` of the first dimension, which stays: [N,...] -> [1,...].
inline Tensor row(const Tensor& all, int64_t i) {
  Shape shape = all.shape;
  shape[0] = 1;
  const auto size = static_cast<std::ptrdiff_t>(element_count(shape));
  const auto begin = all.data.begin() + i * size;
  return Tensor(shape, std::vector<float>(begin, begin + size));
}

inline TextConfig tiny_text(int width, Activation activation) {
  return {.vocab_size = 1000,
          .hidden_size = width,
          .intermediate_size = 2 * width,
          .layers = 3,
          .heads = std::max(1, width / 16),
          .activation = activation,
          .pad_token = 999,
          .bos_token = 998,
          .eos_token = 999};
}

inline Checkpoint tiny_sd1() {
  const Golden golden("models_sd1.safetensors");
  Checkpoint model;
  model.path = "tiny_sd1.safetensors";
  model.unet = part(golden, "unet");
  model.vae = part(golden, "vae");
  model.text = {part(golden, "text")};
  model.config.unet = {.block_out_channels = {16, 32, 32},
                       .layers_per_block = {2, 1, 1},
                       .transformer_layers = {1, 1, 0},
                       .attention_heads = {8, 8, 8},
                       .mid_attention_heads = 8,
                       .cross_attention_dim = 32,
                       .time_embed_dim = 64,
                       .norm_num_groups = 8};
  model.config.vae = {
      .block_out_channels = {16, 16, 32, 32}, .layers_per_block = 1, .norm_num_groups = 8};
  model.config.text = {tiny_text(32, Activation::QuickGelu)};
  return model;
}

// The same with more input channels: "inpaint" (9) or "edit" (8).
inline Checkpoint tiny_sd1_with_inputs(const std::string& variant, int channels) {
  Checkpoint model = tiny_sd1();
  for (const auto& [name, view] : part(Golden("models_sd1.safetensors"), variant))
    model.unet[name] = view;
  model.config.unet.in_channels = channels;
  return model;
}

inline Checkpoint tiny_sd2() {
  const Golden golden("models_sd2.safetensors");
  Checkpoint model;
  model.path = "tiny_sd2.safetensors";
  model.unet = part(golden, "unet");
  model.text = {part(golden, "text")};
  model.config.family = Family::SD2;
  model.config.unet = {.block_out_channels = {16, 32},
                       .layers_per_block = {1, 1},
                       .transformer_layers = {1, 0},
                       .attention_heads = {2, 4},
                       .mid_attention_heads = 4,
                       .cross_attention_dim = 32,
                       .linear_projection = true,
                       .time_embed_dim = 64,
                       .norm_num_groups = 8};
  model.config.text = {tiny_text(32, Activation::Gelu)};
  model.config.text[0].default_hidden_state = 2;
  return model;
}

inline Checkpoint tiny_sdxl() {
  const Golden golden("models_sdxl.safetensors");
  Checkpoint model;
  model.path = "tiny_sdxl.safetensors";
  model.unet = part(golden, "unet");
  model.text = {part(golden, "text0"), part(golden, "text1")};
  model.config.family = Family::SDXL;
  model.config.unet = {.block_out_channels = {16, 32, 32},
                       .layers_per_block = {1, 1, 1},
                       .transformer_layers = {0, 2, 3},
                       .mid_transformer_layers = 3,
                       .attention_heads = {2, 4, 4},
                       .mid_attention_heads = 4,
                       .cross_attention_dim = 48,
                       .linear_projection = true,
                       .time_embed_dim = 64,
                       .added_channels = 72,
                       .added_time_ids = 6,
                       .norm_num_groups = 8};
  model.config.text = {tiny_text(16, Activation::QuickGelu), tiny_text(32, Activation::Gelu)};
  for (TextConfig& text : model.config.text) {
    text.default_hidden_state = 2;
    text.final_norm = false;
  }
  model.config.text[1].projection_dim = 24;
  model.config.text[1].eos_token = 500;
  return model;
}

// The pruned UNet of models_variants, with or without LCM's guidance input.
inline Checkpoint tiny_pruned(bool lcm) {
  Checkpoint model;
  model.path = "tiny_pruned.safetensors";
  model.unet = part(Golden("models_variants.safetensors"), "lcm");
  if (!lcm) model.unet.erase("time_embedding.cond_proj.weight");
  model.config.unet = {.block_out_channels = {16, 32},
                       .layers_per_block = {1, 1},
                       .transformer_layers = {1, 1},
                       .mid_transformer_layers = -1,
                       .attention_heads = {8, 8},
                       .cross_attention_dim = 24,
                       .time_embed_dim = 64,
                       .time_cond_proj = lcm,
                       .norm_num_groups = 8};
  return model;
}

// A checkpoint whose VAE is that part of models_variants; the rest is the tiny SD1.
inline Checkpoint with_vae(const std::string& name, VaeConfig config) {
  Checkpoint model = tiny_sd1();
  model.vae = part(Golden("models_variants.safetensors"), name);
  model.config.unet.out_channels = config.latent_channels;
  model.config.vae = std::move(config);
  return model;
}

inline RuntimeOptions f32_on_cpu() { return {.precision = Precision::F32}; }

inline std::unique_ptr<StableDiffusion> load(Runtime& runtime, Checkpoint checkpoint) {
  return StableDiffusion::load(runtime, std::move(checkpoint), /*weights_id=*/"");
}

}  // namespace pentimento::testing
