// A Stable Diffusion checkpoint, whatever its layout, presented under diffusers' names.
// Limitations: one file or one diffusers folder; LoRA and textual inversion are separate kinds.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/progress.h"
#include "weights/model_config.h"
#include "weights/tensor_file.h"

namespace pentimento {

// Parts are under diffusers' names: unet "down_blocks.0.resnets.0.conv1.weight", vae
// "encoder.conv_in.weight" (tiny: "encoder.layers.0.weight" and, the clamp not being counted as in
// diffusers' DecoderTiny, "decoder.layers.0.weight"; with "layers.N.pool.{0,1,3}" where TAEF2 has
// it), text encoders "text_model.encoder.layers.0.self_attn.q_proj.weight",
// "text_projection.weight".
struct Checkpoint {
  std::filesystem::path path;  // the file, or the diffusers folder
  ModelConfig config;
  TensorMap unet, vae;
  std::vector<TensorMap> text;      // as many as config.text
  std::vector<std::string> unused;  // names in the file that no part claimed
  std::map<std::string, std::string> metadata;
};

// Opens and recognises a checkpoint. Precedence for what shapes cannot tell: a diffusers
// config.json beside the weights, then the metadata key "pentimento.config", then the family's
// convention (docs/formats.md). Throws Unsupported naming the kind when the file is something else
// ("this is a LoRA …"), CorruptFile when tensors are missing or of impossible shapes.
Checkpoint open_checkpoint(const std::filesystem::path& path);

// A VAE or tiny autoencoder in a file or folder of its own, LDM or diffusers names; encoder and
// decoder of a tiny pair may be two files side by side (taesd_encoder/taesd_decoder). A VAE's
// shapes are the same in SD and SDXL: what neither a config.json beside it nor its metadata says
// about the scale of the latents is taken from `model`, the VAE of the model it is to be used with.
struct VaeFile {
  std::filesystem::path path;
  VaeConfig config;
  TensorMap tensors;
};
VaeFile open_vae(const std::filesystem::path& path, const VaeConfig* model = nullptr);

// SHA-256 of the bytes of a single file (for a folder: of its weight files in name order), cached
// in `cache_dir` by path, size and mtime. A1111's "model hash" is its first 10 digits.
std::string checkpoint_sha256(const std::filesystem::path& path,
                              const std::filesystem::path& cache_dir,
                              const Progress& progress = {});

}  // namespace pentimento
