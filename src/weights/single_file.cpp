// One file with a whole model in it, taken apart by the prefixes of its names. LDM's:
//   model.diffusion_model.   first_stage_model.   cond_stage_model.(transformer|model).
//   SDXL: conditioner.embedders.0.transformer. and conditioner.embedders.1.model.
// diffusers' names behind the folders' names: unet. vae. text_encoder. text_encoder_2.
#include <array>

#include "base/error.h"
#include "weights/identify.h"
#include "weights/key_maps.h"
#include "weights/messages.h"
#include "weights/parts.h"
#include "weights/tensor_file.h"

namespace pentimento {
namespace {

// Training leftovers and constants that every reader passes over.
bool is_known_ballast(std::string_view name) {
  for (const std::string_view prefix :
       {"model_ema.", "first_stage_model.loss.", "alphas_cumprod", "sqrt_", "log_one_minus_",
        "posterior_", "lvlb_", "betas", "logvar", "denoiser.", "scale_factor", "safety_checker."})
    if (name.starts_with(prefix)) return true;
  for (const std::string_view suffix : {"position_ids", "logit_scale", "attn_mask"})
    if (name.ends_with(suffix)) return true;
  return false;
}

class Splitter {
 public:
  Splitter(Parts& parts, const TensorMap& tensors) : parts_(parts), tensors_(tensors) {}

  void split() {
    split_unet();
    for (const char* prefix : {"first_stage_model.", "vae."})
      if (parts_.vae.empty() && claim(prefix))
        parts_.vae = normalised_vae(below(tensors_, prefix), prefix, parts_.unused);
    clip("cond_stage_model.transformer.");
    open_clip("cond_stage_model.model.");
    clip("conditioner.embedders.0.transformer.");
    open_clip("conditioner.embedders.0.model.");
    open_clip("conditioner.embedders.1.model.");
    clip("text_encoder.");
    clip("text_encoder_2.");
    for (const char* marker : {"v_pred", "ztsnr", "edm_mean", "edm_vpred.sigma_max"})
      if (tensors_.contains(marker)) {
        parts_.markers.insert(marker);
        claimed_.emplace_back(marker);
      }
    list_unclaimed();
  }

 private:
  bool claim(const char* prefix) {
    if (!has_prefix(tensors_, prefix)) return false;
    claimed_.emplace_back(prefix);
    return true;
  }

  void add_unknown(const std::vector<std::string>& names, const std::string& prefix) {
    for (const std::string& name : names)
      if (!is_known_ballast(prefix + name)) parts_.unused.push_back(prefix + name);
  }

  void split_unet() {
    if (claim("model.diffusion_model.")) {
      const Renamed renamed = unet_to_diffusers(below(tensors_, "model.diffusion_model."));
      parts_.unet = renamed.tensors;
      add_unknown(renamed.unknown, "model.diffusion_model.");
    } else if (claim("unet.")) {
      parts_.unet = below(tensors_, "unet.");
    } else if (claim("input_blocks.")) {
      claimed_.emplace_back("");
      const Renamed renamed = unet_to_diffusers(tensors_);
      parts_.unet = renamed.tensors;
      add_unknown(renamed.unknown, "");
    } else {
      claimed_.emplace_back("");
      parts_.unet = tensors_;
    }
  }

  void clip(const char* prefix) {
    if (!claim(prefix)) return;
    const Renamed renamed = clip_modernised(below(tensors_, prefix));
    add_unknown(renamed.unknown, prefix);
    if (!renamed.tensors.empty()) parts_.text.push_back({.tensors = renamed.tensors});
  }

  void open_clip(const char* prefix) {
    if (!claim(prefix)) return;
    const Renamed renamed = open_clip_to_diffusers(below(tensors_, prefix));
    add_unknown(renamed.unknown, prefix);
    if (!renamed.tensors.empty())
      parts_.text.push_back({.tensors = renamed.tensors, .open_clip = true});
  }

  void list_unclaimed() {
    for (const auto& [name, tensor] : tensors_) {
      bool known = is_known_ballast(name);
      for (const std::string& prefix : claimed_) known = known || name.starts_with(prefix);
      if (!known) parts_.unused.push_back(name);
    }
  }

  Parts& parts_;
  const TensorMap& tensors_;
  std::vector<std::string> claimed_;
};

}  // namespace

bool is_tiny_vae(const TensorMap& vae) {
  return has_prefix(vae, "encoder.layers.") || has_prefix(vae, "decoder.layers.");
}

TensorMap normalised_vae(const TensorMap& vae, const std::string& prefix,
                         std::vector<std::string>& unused) {
  const auto note = [&](const std::vector<std::string>& unknown) {
    for (const std::string& name : unknown)
      if (!is_known_ballast(prefix + name)) unused.push_back(prefix + name);
  };
  if (is_tiny_vae(vae)) return vae;
  if (has_prefix(vae, "encoder.down_blocks.") || has_prefix(vae, "decoder.up_blocks."))
    return vae_modernised(vae);
  const bool original_tiny = vae.contains("encoder.0.weight") || vae.contains("decoder.1.weight");
  Renamed renamed = original_tiny ? tiny_vae_to_diffusers(vae) : vae_to_diffusers(vae);
  for (const char* constant : {"latent_mean", "latent_std"})
    if (const auto found = vae.find(constant); found != vae.end()) {
      renamed.tensors.insert(*found);
      std::erase(renamed.unknown, constant);
    }
  note(renamed.unknown);
  return std::move(renamed.tensors);
}

Parts read_single_file(const std::filesystem::path& path) {
  const TensorFile file = read_tensor_file(path);
  const WeightKind kind = identify(file.tensors);
  if (kind != WeightKind::StableDiffusion && kind != WeightKind::Unet) {
    std::string example;
    if (kind == WeightKind::Unknown && !file.tensors.empty())
      example = ", the first of them " + in_quotes(file.tensors.begin()->first);
    throw Error(ErrorKind::Unsupported, path.string() + ": is " + kind_description(kind) + example +
                                            "; expected a Stable Diffusion checkpoint");
  }
  Parts parts{.path = path, .metadata = file.metadata};
  Splitter(parts, file.tensors).split();
  add_pentimento_config(parts);
  return parts;
}

void add_pentimento_config(Parts& parts) {
  const auto found = parts.metadata.find("pentimento.config");
  if (found == parts.metadata.end()) return;
  const std::string label = parts.path.string() + ": metadata 'pentimento.config'";
  const nlohmann::json config = parse_config(found->second, label);
  const auto part = [&](const char* name) { return config.value(name, nlohmann::json()); };
  parts.model_config.add(config, label);
  parts.unet_config.add(part("unet"), label);
  parts.vae_config.add(part("vae"), label);
  parts.scheduler_config.add(part("scheduler"), label);
  const std::array names{"text_encoder", "text_encoder_2"};
  for (size_t i = 0; i < std::min(parts.text.size(), names.size()); ++i)
    parts.text[i].config.add(part(names[i]), label);
}

}  // namespace pentimento
