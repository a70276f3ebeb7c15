// ControlNet, IP-Adapters and CLIP beside the tiny model of pipelines_sd1/, as files, made of what
// tests/golden/models_*.py stored.
#pragma once

#include <filesystem>
#include <fstream>
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

}  // namespace pentimento::testing
