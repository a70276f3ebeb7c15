#include "models/fixtures.h"

namespace pentimento::testing {

TensorMap part(const Golden& golden, std::string_view prefix) {
  const std::string start = std::string(prefix) + "/";
  TensorMap tensors;
  for (const auto& [name, view] : golden.file().tensors)
    if (name.starts_with(start)) tensors[name.substr(start.size())] = view;
  return tensors;
}

Checkpoint tiny_sd1() {
  const Golden golden("models_sd1.safetensors");
  Checkpoint model;
  model.path = "models_sd1.safetensors";
  model.unet = part(golden, "unet");
  model.vae = part(golden, "vae");
  model.text = {part(golden, "text")};
  model.config.unet = {.block_out_channels = {16, 32, 32},
                       .layers_per_block = {2, 1, 1},
                       .transformer_layers = {1, 1, 0},
                       .mid_transformer_layers = 1,
                       .attention_heads = {8, 8, 8},
                       .mid_attention_heads = 8,
                       .cross_attention_dim = 32,
                       .time_embed_dim = 64,
                       .norm_num_groups = 8};
  model.config.vae = {
      .block_out_channels = {16, 16, 32, 32}, .layers_per_block = 1, .norm_num_groups = 8};
  model.config.text = {{.vocab_size = 1000,
                        .hidden_size = 32,
                        .intermediate_size = 64,
                        .layers = 3,
                        .heads = 2,
                        .pad_token = 999,
                        .bos_token = 998,
                        .eos_token = 999}};
  return model;
}

}  // namespace pentimento::testing
