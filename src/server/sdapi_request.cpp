#include "server/sdapi_request.h"

#include <algorithm>

#include "samplers/sampler.h"
#include "server/sdapi_scripts.h"
#include "studio/coded_error.h"
#include "studio/request_json.h"
#include "text/infotext.h"

namespace pentimento {
namespace {

[[noreturn]] void not_done_here(const std::string& field, const std::string& what) {
  throw CodedError(ErrorKind::Unsupported, "unsupported", field + ": " + what, field);
}

// A1111 since 1.9: what is unknown becomes the first sampler, without a word.
std::string known_sampler(const std::string& sampler, const std::string& scheduler) {
  try {
    resolve_sampler_name(sampler, scheduler);
    return sampler;
  } catch (const Error&) {
    return "DPM++ 2M";
  }
}

std::string known_scheduler(const Json& name) {
  if (!name.is_string()) return "Automatic";
  try {
    resolve_sampler_name("Euler", name.get<std::string>());
    return name.get<std::string>().empty() ? "Automatic" : name.get<std::string>();
  } catch (const Error&) {
    return "Automatic";
  }
}

Json seed_of(const Json& value) {
  const int64_t seed = value.is_null() ? -1 : value.get<int64_t>();
  return seed < 0 ? Json(nullptr) : Json(seed & 0xffffffff);
}

const char* kSame[] = {"Use same sampler", "Use same scheduler", "Use same checkpoint"};

// "Use same …", null and nothing all mean the first pass's.
std::string own_or_empty(const Json& value) {
  if (!value.is_string()) return {};
  const std::string text = value;
  return std::find(std::begin(kSame), std::end(kSame), text) == std::end(kSame) ? text : "";
}

// The second pass of text to image (webui-spec §4.10).
void add_hires(Json& request, const Json& p) {
  if (p.at("enable_hr") != Json(true)) return;
  if (!own_or_empty(p.at("hr_checkpoint_name")).empty())
    not_done_here("hr_checkpoint_name", "both passes use one checkpoint here");
  request["hires"] = true;
  request["hires_scale"] = p.at("hr_scale");
  request["hires_width"] = p.at("hr_resize_x");
  request["hires_height"] = p.at("hr_resize_y");
  if (const int width = p.at("firstphase_width").get<int>(),
      height = p.at("firstphase_height").get<int>();
      width > 0 && height > 0) {  // how it was asked for before 2023
    request["hires_width"] = request["width"];
    request["hires_height"] = request["height"];
    request["width"] = width / 8 * 8;
    request["height"] = height / 8 * 8;
  }
  request["hires_upscaler"] = p.at("hr_upscaler").is_null() ? Json("Latent") : p["hr_upscaler"];
  request["hires_strength"] = p.at("denoising_strength");
  request["hires_steps"] = p.at("hr_second_pass_steps");
  const std::string sampler = own_or_empty(p.at("hr_sampler_name")),
                    scheduler = own_or_empty(p.at("hr_scheduler"));
  if (!scheduler.empty()) request["hires_scheduler"] = known_scheduler(scheduler);
  if (!sampler.empty()) request["hires_sampler"] = known_sampler(sampler, scheduler);
  request["hires_prompt"] = p.at("hr_prompt");
  request["hires_negative_prompt"] = p.at("hr_negative_prompt");
}

void refuse_unsupported(const Json& p) {
  const auto on = [&](const char* name) { return p.value(name, Json(nullptr)) == Json(true); };
  if (on("restore_faces"))
    not_done_here("restore_faces", "there is no face restoration here; send false");
  if (on("tiling")) not_done_here("tiling", "there are no seamless tiles here; send false");
  const Json refiner = p.value("refiner_checkpoint", Json(nullptr));
  if (refiner.is_string() && !refiner.get<std::string>().empty() && refiner != "None")
    not_done_here("refiner_checkpoint", "there is no refiner here");
}

// `infotext` fills the fields that the caller did not send.
void fill_from_pasted(Json& p, const Json& sent) {
  const Json text = p.value("infotext", Json(nullptr));
  if (!text.is_string() || text.get_ref<const std::string&>().empty()) return;
  const Infotext info = parse_infotext(text.get<std::string>());
  const Json from = img2img_job_to_json(img2img_job_from_infotext(info));
  const auto take = [&](const char* theirs, const char* ours) {
    const bool given = sent.contains(theirs) && !sent[theirs].is_null();
    if (!given && !from.at(ours).is_null()) p[theirs] = from.at(ours);
  };
  take("prompt", "prompt");
  take("negative_prompt", "negative_prompt");
  take("steps", "steps");
  take("sampler_name", "sampler");
  take("scheduler", "scheduler");
  take("cfg_scale", "cfg");
  take("seed", "seed");
  if (from.at("width") != 0) take("width", "width");
  if (from.at("height") != 0) take("height", "height");
  if (info.get("Denoising strength")) take("denoising_strength", "strength");
}

const char* resize_mode_of(int mode) {
  constexpr const char* kModes[] = {"stretch", "crop", "fill", "latent"};
  return kModes[std::clamp(mode, 0, 3)];
}

// Nobody's choice is the model's: 1 counts only where this very request says so.
Json clip_skip_of(const Json& p, const Json& options) {
  const char* name = "CLIP_stop_at_last_layers";
  const Json& overrides = p.at("override_settings");
  const bool asked = overrides.is_object() && overrides.contains(name);
  const Json& value = options.at(name);
  return asked || value != 1 ? value : Json(nullptr);
}

Json request_of(App& app, const Json& p, const Json& options, bool img2img) {
  std::string prompt = p.at("prompt"), negative = p.at("negative_prompt");
  if (p.at("styles").is_array())
    app.studio().prompt_styles.apply(p.at("styles").get<std::vector<std::string>>(), prompt,
                                     negative);
  const std::string sampler =
      p.at("sampler_name").is_string() && !p["sampler_name"].get<std::string>().empty()
          ? p["sampler_name"].get<std::string>()
          : p.at("sampler_index").get<std::string>();
  const auto or_option = [&](const char* name) {
    return p.at(name).is_null() ? options.at(name) : p.at(name);
  };
  std::string rng = options.at("randn_source");
  Json request = {
      {"prompt", prompt},
      {"negative_prompt", negative},
      {"steps", p.at("steps")},
      {"scheduler", known_scheduler(p.at("scheduler"))},
      {"cfg", p.at("cfg_scale")},
      {"width", p.at("width")},
      {"height", p.at("height")},
      {"batch", p.at("batch_size").get<int>() * p.at("n_iter").get<int>()},
      {"seed", seed_of(p.at("seed"))},
      {"subseed", seed_of(p.at("subseed"))},
      {"subseed_strength", p.at("subseed_strength")},
      {"seed_resize_width", std::max<int64_t>(0, p.at("seed_resize_from_w").get<int64_t>())},
      {"seed_resize_height", std::max<int64_t>(0, p.at("seed_resize_from_h").get<int64_t>())},
      {"eta_noise_seed_delta", options.at("eta_noise_seed_delta")},
      {"rng", rng == "CPU" ? "cpu" : "nv"},
      {"clip_skip", clip_skip_of(p, options)},
      {"eta", p.at("eta")},
      {"s_churn", or_option("s_churn")},
      {"s_tmin", or_option("s_tmin")},
      {"s_tmax", or_option("s_tmax")},
      {"s_noise", or_option("s_noise")},
      {"sigma_min", options.at("sigma_min")},
      {"sigma_max", options.at("sigma_max")},
      {"rho", options.at("rho")}};
  request["sampler"] = known_sampler(sampler, request["scheduler"]);
  const std::string emphasis = options.at("emphasis");
  request["emphasis"] = emphasis == "None"      ? "none"
                        : emphasis == "Ignore"  ? "ignore"
                        : emphasis == "No norm" ? "no_norm"
                                                : "original";
  if (const std::string model = options.at("sd_model_checkpoint"); !model.empty())
    request["model"] = app.models().need("checkpoint", model).name;
  if (const Json vae = options.at("sd_vae"); vae == "None")
    request["vae"] = "none";
  else if (vae.is_string() && vae != "Automatic" && vae != "")
    request["vae"] = app.models().need("vae", vae).file;
  if (!img2img) {
    add_hires(request, p);
    return request;
  }
  request["strength"] = p.at("denoising_strength");
  request["resize_mode"] = resize_mode_of(p.at("resize_mode").get<int>());
  if (!p.at("image_cfg_scale").is_null()) request["image_cfg"] = p["image_cfg_scale"];
  request["initial_noise_multiplier"] = p.at("initial_noise_multiplier").is_null()
                                            ? options.at("initial_noise_multiplier")
                                            : p["initial_noise_multiplier"];
  request["extra_noise"] = options.at("img2img_extra_noise");
  request["color_correction"] = options.at("img2img_color_correction");
  request["fix_steps"] = options.at("img2img_fix_steps");
  return request;
}

}  // namespace

std::string decode_image_field(const std::string& text, const std::string& field) {
  if (text.rfind("http://", 0) == 0 || text.rfind("https://", 0) == 0 ||
      text.rfind("file:", 0) == 0)
    throw CodedError(
        ErrorKind::Unsupported, "unsupported",
        field + ": this server fetches no addresses; send the picture itself as base64", field);
  size_t begin = 0;
  if (text.rfind("data:", 0) == 0) begin = std::min(text.find(','), text.size() - 1) + 1;
  auto bytes = base64_decode(std::string_view(text).substr(begin));
  if (!bytes || bytes->empty())
    throw CodedError(ErrorKind::CorruptFile, "bad_picture", "Invalid encoded image", field);
  return std::move(*bytes);
}

SdapiJob sdapi_job(App& app, const Json& body, bool img2img, bool is_admin) {
  const auto fields = sdapi_fields(img2img);
  Json known = Json::object();
  for (const Field& f : fields)
    if (body.contains(f.name)) known[f.name] = body[f.name];
  check(known, fields);
  Json p = with_defaults(known, fields);
  fill_from_pasted(p, known);
  refuse_unsupported(p);
  if (p.at("batch_size").get<int>() * p.at("n_iter").get<int>() > 16)
    throw CodedError(ErrorKind::InvalidArgument, "out_of_range",
                     "batch_size times n_iter is more than max_batch, 16", "n_iter")
        .with_limit("max_batch");
  for (const char* name : {"width", "height"}) p[name] = p[name].get<int>() / 8 * 8;
  SdapiJob job{.options = sdapi_options(app, p.at("override_settings"))};
  if (is_admin && p["override_settings_restore_afterwards"] == false) {
    Json keep = Json::object();
    for (const auto& [name, value] : p.at("override_settings").items())
      if (is_sdapi_option(name)) keep[name] = value;
    save_sdapi_options(app, keep);
  }
  if (img2img && (p.at("init_images").is_null() || p["init_images"].empty()))
    throw CodedError(ErrorKind::NotFound, "not_found", "Init image not found");
  job.spec.kind = img2img ? "img2img" : "txt2img";
  job.spec.request = request_of(app, p, job.options, img2img);
  if (img2img) {
    const std::string bytes = decode_image_field(p["init_images"][0], "init_images");
    job.spec.inputs["source"] = app.studio().inputs.add(as_bytes(bytes), "init.png").input.sha256;
    add_sdapi_mask(app, p, job);
    if (p["include_init_images"] != true) p["init_images"] = p["mask"] = nullptr;
  }
  apply_sdapi_scripts(app, p, job);
  job.send_images = p.at("send_images");
  job.shown = std::move(p);
  return job;
}

}  // namespace pentimento
