// ControlNet, IP-Adapters and CLIP beside the tiny model of pipelines_sd1/, as files, made of what
// tests/golden/models_*.py stored.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>

#include "support/golden.h"
#include "weights/checkpoint.h"
#include "weights/key_maps.h"
#include "weights/tensor_file.h"

namespace pentimento::testing {

// The model's own way down, and what ControlNet adds to it.
inline std::filesystem::path write_controlnet(const std::filesystem::path& folder) {
  TensorMap tensors = below(Golden("models_control.safetensors").file().tensors, "sd1/");
  for (const auto& [name, view] : open_checkpoint(golden_path("pipelines_sd1")).unet)
    if (!name.starts_with("up_blocks.") && !name.starts_with("conv_norm_out.") &&
        !name.starts_with("conv_out."))
      tensors.emplace(name, view);
  write_safetensors(folder / "tiny_control.safetensors", tensors, {});
  return folder / "tiny_control.safetensors";
}

// kind: "plain", "plus" or "full".
inline std::filesystem::path write_ip_adapter(const std::filesystem::path& folder,
                                              const std::string& kind) {
  const auto path = folder / ("ip_" + kind + ".safetensors");
  write_safetensors(
      path, below(Golden("models_image_prompts.safetensors").file().tensors, kind + "/"), {});
  return path;
}

inline std::filesystem::path write_clip(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder / "clip");
  write_safetensors(folder / "clip" / "model.safetensors",
                    below(Golden("models_image_prompts.safetensors").file().tensors, "clip/"), {});
  std::ofstream(folder / "clip" / "config.json")
      << R"({"model_type":"clip","vision_config":{"num_attention_heads":2},)"
         R"("text_config":{"num_attention_heads":2}})";
  return folder / "clip";
}

// CatVTON's attention weights for the tiny model.
inline std::filesystem::path write_catvton(const std::filesystem::path& folder,
                                           const std::string& name = "catvton.safetensors") {
  write_safetensors(folder / name,
                    below(Golden("models_catvton.safetensors").file().tensors, "attention/"), {});
  return folder / name;
}

// The tiny model with `channels` input channels, 8 or 9, as a diffusers folder made there.
inline std::filesystem::path write_wide_checkpoint(const std::filesystem::path& folder,
                                                   int channels) {
  namespace fs = std::filesystem;
  fs::copy(golden_path("pipelines_sd1"), folder, fs::copy_options::recursive);
  const fs::path unet = folder / "unet";
  std::ifstream in(unet / "config.json");
  std::string config{std::istreambuf_iterator<char>(in), {}};
  const std::string four = "\"in_channels\": 4";
  config.replace(config.find(four), four.size(), "\"in_channels\": " + std::to_string(channels));
  std::ofstream(unet / "config.json") << config;
  TensorMap tensors = read_tensor_file(unet / "diffusion_pytorch_model.safetensors").tensors;
  const Golden golden("models_catvton.safetensors");
  const Tensor nine = golden.tensor("unet/conv_in.weight");
  Tensor weight({nine.dim(0), channels, 3, 3});
  for (int64_t o = 0; o < nine.dim(0); ++o)
    std::copy_n(nine.data.data() + o * 81, channels * 9, weight.data.data() + o * channels * 9);
  tensors["conv_in.weight"] = {
      .dtype = DType::F32, .shape = weight.shape, .bytes = std::as_bytes(std::span(weight.data))};
  tensors["conv_in.bias"] = golden.file().tensors.at("unet/conv_in.bias");
  write_safetensors(folder / "wide.safetensors", tensors, {});
  fs::rename(folder / "wide.safetensors", unet / "diffusion_pytorch_model.safetensors");
  return folder;
}

}  // namespace pentimento::testing
