// A model a user named, open and identified: networks, tokenizer, and what infotext says of it.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipelines/extra_files.h"
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

  int clip_skip = 1;      // for requests that name none: the model's card
  std::string text_name;  // file name of a checkpoint whose text encoder is used, else empty
  std::string text_sha256;
  std::filesystem::path cache_dir;           // where hashes are remembered
  std::shared_ptr<const ExtraFiles> extras;  // what prompts may name; null: nothing

  std::vector<LoraUse> loras;  // in the networks now: see use_loras()
  std::map<std::string, std::shared_ptr<const LoraFile>> open_loras;  // by path, size and time

  const ModelConfig& config() const { return networks->config(); }
  std::string hash() const { return sha256.substr(0, 10); }
  // networks->encode(), or what is remembered of the same picture.
  Tensor encode(const Tensor& picture, const Progress& progress);
  // Names a measured time ("unet", "decode"): equal for models of equal cost.
  std::string timing_key(const char* what) const;
};

// Opens, hashes (cached by size and time) and prepares a checkpoint; networks compile on first use.
// `cache_dir` keeps the hashes. `text`: a checkpoint of the same family whose text encoder a model
// without one uses (a UNet in a GGUF file), and its VAE where none is named; or a text encoder
// alone (weights/text_encoder_file.h). Throws as
// open_checkpoint does, naming the file; Unsupported when a part is missing.
LoadedModel load_model(Runtime& runtime, const std::filesystem::path& path,
                       const std::optional<std::filesystem::path>& vae,
                       const std::filesystem::path& cache_dir, const Progress& progress,
                       const std::optional<std::filesystem::path>& text = {});

}  // namespace pentimento
