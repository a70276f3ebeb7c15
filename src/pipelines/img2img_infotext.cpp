#include "pipelines/img2img_infotext.h"

#include <cstdio>

#include "pipelines/infotext_fields.h"
#include "samplers/schedule.h"

namespace pentimento {
namespace {

struct Size {
  int width = 0, height = 0;
};

Size read_size(const Infotext& info, std::string_view key) {
  Size size;
  if (const auto text = info.get(key))
    if (std::sscanf(text->c_str(), "%dx%d", &size.width, &size.height) != 2) return {};
  return size;
}

constexpr const char* kResizeModes[] = {"Just resize", "Crop and resize", "Resize and fill",
                                        "Just resize (latent upscale)"};
constexpr const char* kEmphasis[] = {"Original", "None", "Ignore", "No norm"};

}  // namespace

Infotext to_infotext(const Img2ImgRequest& r, const MadeWith& made) {
  Infotext info{.prompt = r.prompt, .negative_prompt = r.negative_prompt, .fields = {}};
  const auto add = [&](const char* key, const std::string& value, bool when = true) {
    if (when) info.fields.emplace_back(key, value);
  };
  const bool from_picture = !made.input_sha256.empty();
  const auto size = [](int w, int h) { return std::to_string(w) + "x" + std::to_string(h); };

  add("Steps", std::to_string(made.steps));
  add("Sampler", made.sampler);
  add("Schedule type", made.scheduler);
  add("CFG scale", number_text(made.cfg));
  add("Image CFG scale", number_text(r.image_cfg), r.image_cfg != 1.5);
  add("Seed", std::to_string(made.seed));
  add("Size", size(made.width, made.height));
  add("Model hash", made.model_hash);
  add("Model", made.model_name);
  add("VAE hash", made.vae_hash.substr(0, 10), !made.vae_name.empty());
  add("VAE", made.vae_name, !made.vae_name.empty());
  add("Text encoder", made.text_name, !made.text_name.empty());
  add("Variation seed", std::to_string(made.subseed), r.subseed_strength > 0);
  add("Variation seed strength", number_text(r.subseed_strength), r.subseed_strength > 0);
  add("Seed resize from", size(r.seed_resize_width, r.seed_resize_height),
      r.seed_resize_width > 0 && r.seed_resize_height > 0);
  add("Denoising strength", number_text(r.strength), from_picture);
  const int clip_skip = r.clip_skip.value_or(made.clip_skip);
  add("Clip skip", std::to_string(clip_skip), clip_skip > 1);
  add("ENSD", std::to_string(r.eta_noise_seed_delta), r.eta_noise_seed_delta != 0);
  add("RNG", r.rng == RngSource::Nv ? "NV" : "CPU");
  add("Resize mode", kResizeModes[static_cast<int>(r.resize_mode)],
      from_picture && r.resize_mode != ResizeMode::Stretch);
  add("Fix steps", "True", from_picture && r.fix_steps);
  add("Noise multiplier", number_text(r.initial_noise_multiplier), r.initial_noise_multiplier != 1);
  add("Extra noise", number_text(r.extra_noise), r.extra_noise != 0);
  add("Eta", number_text(r.eta.value_or(1)), r.eta.has_value());
  add("Sigma churn", number_text(r.s_churn), r.s_churn != 0);
  add("Sigma tmin", number_text(r.s_tmin), r.s_tmin != 0);
  add("Sigma tmax", number_text(r.s_tmax), r.s_tmax != 0);
  add("Sigma noise", number_text(r.s_noise), r.s_noise != 1);
  add("Schedule min sigma", number_text(r.sigma_min), r.sigma_min != 0);
  add("Schedule max sigma", number_text(r.sigma_max), r.sigma_max != 0);
  add("Schedule rho", number_text(r.rho), r.rho != 0);
  add("Emphasis", kEmphasis[static_cast<int>(r.emphasis)], r.emphasis != Emphasis::Original);
  add("Color correction", "True", r.color_correction);
  add("TI hashes", made.ti_hashes, !made.ti_hashes.empty());
  add("Lora hashes", made.lora_hashes, !made.lora_hashes.empty());
  for (const auto& [key, value] : made.facts) add(key.c_str(), value);
  add("Input", made.input_name, from_picture);
  add("Input SHA-256", made.input_sha256, from_picture);
  add("Precision", made.precision);
  add("Device", made.device, made.device != "CPU");
  add("Pixels SHA-256", made.pixels_sha256);
  add("Version", made.version);
  return info;
}

Img2ImgRequest request_from_infotext(const Infotext& info) {
  Img2ImgRequest r;
  r.prompt = info.prompt;
  r.negative_prompt = info.negative_prompt;
  r.steps = read_field<int>(info, "Steps");
  r.sampler = info.get("Sampler").value_or("");
  r.scheduler = info.get("Schedule type").value_or("Automatic");
  r.cfg = read_field<double>(info, "CFG scale");
  r.image_cfg = read_field_or(info, "Image CFG scale", 1.5);
  r.seed = read_field<uint64_t>(info, "Seed");
  const Size size = read_size(info, "Size");
  r.width = size.width;
  r.height = size.height;
  r.subseed = read_field<uint64_t>(info, "Variation seed");
  r.subseed_strength = read_field_or(info, "Variation seed strength", 0.0);
  const Size seed_size = read_size(info, "Seed resize from");
  r.seed_resize_width = seed_size.width;
  r.seed_resize_height = seed_size.height;
  r.strength = read_field_or(info, "Denoising strength", 0.75);
  r.clip_skip = read_field_or(info, "Clip skip", 1);
  r.eta_noise_seed_delta = read_field_or<int64_t>(info, "ENSD", 0);
  r.rng = info.get("RNG").value_or("") == "NV" ? RngSource::Nv : RngSource::Cpu;
  const std::string resize_mode = info.get("Resize mode").value_or("");
  for (int i = 0; i < 4; ++i)
    if (resize_mode == kResizeModes[i]) r.resize_mode = static_cast<ResizeMode>(i);
  r.fix_steps = info.get("Fix steps").has_value();
  r.initial_noise_multiplier = read_field_or(info, "Noise multiplier", 1.0);
  r.extra_noise = read_field_or(info, "Extra noise", 0.0);
  r.eta = read_field<double>(info, "Eta");
  r.s_churn = read_field_or(info, "Sigma churn", 0.0);
  r.s_tmin = read_field_or(info, "Sigma tmin", 0.0);
  r.s_tmax = read_field_or(info, "Sigma tmax", 0.0);
  r.s_noise = read_field_or(info, "Sigma noise", 1.0);
  r.sigma_min = read_field_or(info, "Schedule min sigma", 0.0);
  r.sigma_max = read_field_or(info, "Schedule max sigma", 0.0);
  r.rho = read_field_or(info, "Schedule rho", 0.0);
  const std::string emphasis = info.get("Emphasis").value_or("");
  for (int i = 0; i < 4; ++i)
    if (emphasis == kEmphasis[i]) r.emphasis = static_cast<Emphasis>(i);
  r.color_correction = info.get("Color correction").has_value();
  return r;
}

MadeWith made_with_from_infotext(const Infotext& info) {
  const auto text = [&](const char* key) { return info.get(key).value_or(""); };
  MadeWith made;
  made.sampler = text("Sampler");
  made.scheduler = text("Schedule type");
  made.model_name = text("Model");
  made.model_hash = text("Model hash");
  made.vae_name = text("VAE");
  made.vae_hash = text("VAE hash");
  made.input_name = text("Input");
  made.input_sha256 = text("Input SHA-256");
  made.text_name = text("Text encoder");
  made.ti_hashes = text("TI hashes");
  made.lora_hashes = text("Lora hashes");
  made.precision = text("Precision");
  made.device = info.get("Device").value_or("CPU");
  made.pixels_sha256 = text("Pixels SHA-256");
  made.version = text("Version");
  made.seed = read_field_or<uint64_t>(info, "Seed", 0);
  return made;
}

}  // namespace pentimento
