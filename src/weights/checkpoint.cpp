#include "weights/checkpoint.h"

#include <algorithm>
#include <cctype>
#include <regex>

#include "base/error.h"
#include "weights/identify.h"
#include "weights/key_maps.h"
#include "weights/messages.h"
#include "weights/parts.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void unsupported(const fs::path& path, const std::string& what) {
  throw Error(ErrorKind::Unsupported, path.string() + ": " + what);
}

// SD1 projects with 1x1 convolutions, SD2 with matrices, SDXL reads a vector of sizes besides.
Family recognise_family(const Parts& parts, const UnetConfig& unet) {
  if (const auto named = parts.model_config.text("family")) {
    for (const Family family : {Family::SD1, Family::SD2, Family::SDXL, Family::Custom}) {
      std::string name = to_string(family);
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return std::tolower(c); });
      if (*named == name) return family;
    }
    throw Error(ErrorKind::CorruptFile,
                parts.path.string() + ": metadata 'pentimento.config': 'family' is " +
                    in_quotes(*named) + ", expected sd1, sd2, sdxl or custom");
  }
  if (unet.added_channels > 0) return Family::SDXL;
  return unet.linear_projection ? Family::SD2 : Family::SD1;
}

Variant variant_of_channels(const Parts& parts, const UnetConfig& unet, Family family) {
  const int c = unet.out_channels, in = unet.in_channels;
  if (in == 2 * c + 1) {
    const auto named = parts.model_config.text("variant");
    if (named == to_string(Variant::Inpaint)) return Variant::Inpaint;
    const bool own = named == to_string(Variant::SourceConditioned) || family == Family::Custom;
    return own ? Variant::SourceConditioned : Variant::Inpaint;
  }
  if (in == 2 * c) return Variant::Edit;
  if (in == c) return Variant::Base;
  if (in == c + 1) unsupported(parts.path, "is a depth-guided model, which is not supported");
  if (in == c + 3) unsupported(parts.path, "is a latent upscaling model, which is not supported");
  unsupported(parts.path, "its UNet reads " + std::to_string(in) + " channels and makes " +
                              std::to_string(c) +
                              ", expected as many, twice as many, or twice as many and one");
}

Variant recognise_variant(const Parts& parts, const UnetConfig& unet, Family family) {
  const Variant variant = variant_of_channels(parts, unet, family);
  const auto named = parts.model_config.text("variant");
  if (named && *named != to_string(variant))
    throw Error(ErrorKind::CorruptFile,
                parts.path.string() + ": metadata 'pentimento.config': 'variant' is " +
                    in_quotes(*named) + ", but a UNet that reads " +
                    std::to_string(unet.in_channels) + " channels is " + to_string(variant));
  return variant;
}

// SDXL's added vector: the pooled prompt, then the sinusoids of six sizes (five in the refiner).
int recognise_time_ids(const Parts& parts, const ModelConfig& config) {
  const UnetConfig& unet = config.unet;
  if (unet.added_channels == 0) return 0;
  if (config.family == Family::Custom)
    return parts.unet_config.integer("added_time_ids", 0, 64).value_or(0);
  const bool single_big =
      parts.text.size() == 1 && parts.text[0].tensors.contains("text_projection.weight");
  const bool bare =
      parts.text.empty() && unet.added_channels == 2560 && unet.cross_attention_dim == 1280;
  if (single_big || bare)
    unsupported(parts.path, "is an SDXL refiner, which is not supported; use the SDXL base model");
  constexpr int kSizes = 6;
  const int pooled = config.text.empty() ? 0 : config.text.back().projection_dim;
  if (!config.text.empty() &&
      (unet.added_channels <= pooled || (unet.added_channels - pooled) % kSizes))
    throw Error(ErrorKind::CorruptFile,
                parts.path.string() + ": its UNet reads an added vector of " +
                    std::to_string(unet.added_channels) + ", which is not the pooled prompt of " +
                    std::to_string(pooled) +
                    " and six sizes; its parts come from different models");
  return kSizes;
}

void check_context(const Parts& parts, const ModelConfig& config) {
  if (config.text.empty()) return;
  int width = 0;
  for (const TextConfig& text : config.text) width += text.hidden_size;
  if (width == config.unet.cross_attention_dim) return;
  throw Error(ErrorKind::CorruptFile,
              parts.path.string() + ": its UNet reads a prompt " +
                  std::to_string(config.unet.cross_attention_dim) +
                  " wide, its text encoders make " + std::to_string(width) +
                  "; the file was put together from parts of different models");
}

enum class FewSteps { No, Lcm, Turbo };

// Few-step models differ in nothing but their weights; people tell them by what they are called.
// Whole words only: there are many "hyperrealism" models that need all their steps.
FewSteps few_steps_by_name(const Parts& parts) {
  std::string text =
      (parts.path.has_filename() ? parts.path : parts.path.parent_path()).filename().string();
  if (const auto title = parts.metadata.find("modelspec.title"); title != parts.metadata.end())
    text += " " + title->second.substr(0, 1000);
  static const std::regex kLcm("(^|[^A-Za-z])lcm([^A-Za-z]|$)|LCM");
  static const std::regex kTurbo("turbo|lightning|hyper[-_ ]?sd", std::regex::icase);
  if (std::regex_search(text, kLcm)) return FewSteps::Lcm;
  return std::regex_search(text, kTurbo) ? FewSteps::Turbo : FewSteps::No;
}

// Sizes and step counts people use with each family.
void set_defaults(const Parts& parts, ModelConfig& config) {
  const bool v = config.scheduler.prediction_type == PredictionType::V;
  config.native_size_px = config.family == Family::SDXL       ? 1024
                          : config.family == Family::SD2 && v ? 768
                                                              : 512;
  if (const auto sample = parts.unet_config.integers("sample_size", 2, 1, 4096))
    config.native_size_px = sample->front() * config.vae.scale_factor;
  const FewSteps named = few_steps_by_name(parts);
  const bool lcm = config.unet.time_cond_proj || named == FewSteps::Lcm ||
                   parts.scheduler_config.text("_class_name") == "LCMScheduler";
  const bool turbo = named == FewSteps::Turbo;
  if (lcm || turbo) {
    config.distilled = true;
    config.default_steps = lcm ? 8 : 4;
    config.default_cfg = lcm ? 1.5f : 1.0f;
    if (!config.unet.time_cond_proj) config.notes.emplace_back("few steps, going by its name");
  }
  const ConfigFields& own = parts.model_config;
  config.distilled = own.flag("distilled").value_or(config.distilled);
  config.native_size_px = own.integer("native_size_px", 8, 16384).value_or(config.native_size_px);
  config.default_steps = own.integer("default_steps", 1, 1000).value_or(config.default_steps);
  config.default_cfg = static_cast<float>(own.number("default_cfg").value_or(config.default_cfg));
}

float usual_scaling(Family family) { return family == Family::SDXL ? 0.13025f : 0.18215f; }

ModelConfig recognise(Parts& parts) {
  const std::string where = parts.path.string();
  if (has_prefix(parts.unet, "class_embedding."))
    unsupported(parts.path,
                std::string("is ") + kind_description(WeightKind::OtherLatentDiffusion));
  if (parts.markers.contains("edm_mean") || parts.markers.contains("edm_vpred.sigma_max"))
    unsupported(
        parts.path,
        "was trained with the EDM noise schedule (Playground 2.5, CosXL), which is not supported");

  ModelConfig config;
  config.unet = infer_unet(parts.unet, parts.unet_config, where, config.notes);
  config.family = recognise_family(parts, config.unet);
  config.variant = recognise_variant(parts, config.unet, config.family);
  for (size_t i = 0; i < parts.text.size(); ++i)
    config.text.push_back(infer_text(parts.text[i], i, config.family, where));
  config.unet.added_time_ids = recognise_time_ids(parts, config);
  check_context(parts, config);
  config.scheduler = infer_scheduler(parts, config.family, config.unet, config.notes);

  if (parts.vae.empty()) {
    config.vae.latent_channels = config.unet.out_channels;
    config.vae.tiny = parts.vae_config.flag("tiny").value_or(false);
    config.vae.scale_factor =
        parts.vae_config.integer("scale_factor", 1, 64).value_or(config.vae.scale_factor);
    infer_latent_scale(config.vae, parts.vae, parts.vae_config, where,
                       usual_scaling(config.family));
    config.notes.emplace_back("has no VAE inside; give one beside it");
  } else {
    config.vae =
        infer_vae(parts.vae, parts.vae_config, where, usual_scaling(config.family), config.notes);
    if (config.vae.latent_channels != config.unet.out_channels)
      throw Error(ErrorKind::CorruptFile,
                  where + ": its VAE has " + std::to_string(config.vae.latent_channels) +
                      " latent channels, its UNet makes " +
                      std::to_string(config.unet.out_channels) +
                      "; the file was put together from parts of different models");
  }
  if (parts.text.empty()) config.notes.emplace_back("has no text encoder inside");
  if (const auto merges = parts.model_config.object("tokenizer").text("merges"))
    config.tokenizer_merges = *merges;
  set_defaults(parts, config);
  return config;
}

}  // namespace

Checkpoint open_checkpoint(const fs::path& path) {
  Parts parts = fs::is_directory(path) ? read_diffusers_folder(path)
                : path.filename() == fs::path("model_index.json")
                    ? read_diffusers_folder(path.parent_path())
                    : read_single_file(path);
  Checkpoint checkpoint;
  checkpoint.path = parts.path;
  checkpoint.config = recognise(parts);
  checkpoint.unet = std::move(parts.unet);
  checkpoint.vae = std::move(parts.vae);
  for (TextPart& text : parts.text) checkpoint.text.push_back(std::move(text.tensors));
  checkpoint.unused = std::move(parts.unused);
  checkpoint.metadata = std::move(parts.metadata);
  return checkpoint;
}

}  // namespace pentimento
