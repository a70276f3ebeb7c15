// A model a user named, open and identified: networks, tokenizer, and what infotext says of it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "pipelines/remembered.h"
#include "runtime/stable_diffusion.h"
#include "samplers/schedule.h"
#include "text/tokenizer.h"

namespace pentimento {

struct LoadedModel {
  std::unique_ptr<StableDiffusion> networks;
  std::shared_ptr<const Tokenizer> tokenizer;
  NoiseTable table;        // the model's training schedule
  RuntimeOptions runtime;  // precision resolved
  std::string name;        // file stem, "dreamshaper_8"
  std::string sha256;      // of the file; A1111's model hash is the first 10 digits
  std::string vae_name;    // file name of a separate VAE, else empty
  std::string vae_sha256;
  // Encoded pictures and prompts, as these very weights encode them.
  std::unique_ptr<Remembered> remembered = std::make_unique<Remembered>();

  const ModelConfig& config() const { return networks->config(); }
  std::string hash() const { return sha256.substr(0, 10); }
  // networks->encode(), or what is remembered of the same picture.
  Tensor encode(const Tensor& picture, const Progress& progress);
  // Names a measured time ("unet", "decode"): equal for models of equal cost.
  std::string timing_key(const char* what) const;
};

// Opens, hashes (cached by size and time) and prepares a checkpoint; networks compile on first use.
// `cache_dir` keeps the hashes. Throws as open_checkpoint does, naming the file.
LoadedModel load_model(Runtime& runtime, const std::filesystem::path& path,
                       const std::optional<std::filesystem::path>& vae,
                       const std::filesystem::path& cache_dir, const Progress& progress);

}  // namespace pentimento
