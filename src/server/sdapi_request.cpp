#include "server/sdapi_request.h"

#include <algorithm>

#include "samplers/sampler.h"
#include "studio/coded_error.h"
#include "studio/request_json.h"
#include "text/infotext.h"

namespace pentimento {
namespace {

constexpr auto kString = FieldType::String;
constexpr auto kInteger = FieldType::Integer;
constexpr auto kNumber = FieldType::Number;
constexpr auto kBoolean = FieldType::Boolean;
constexpr auto kArray = FieldType::Array;
constexpr auto kObject = FieldType::Object;

Field field(const char* name, FieldType type, Json fallback, std::optional<double> low = {},
            std::optional<double> high = {}) {
  return {.name = name,
          .type = type,
          .default_value = std::move(fallback),
          .minimum = low,
          .maximum = high};
}

// Every option clients are known to read or write (webui-spec §6.7), with its default here.
const Json& option_defaults() {
  static const Json defaults = {{"sd_model_checkpoint", ""},
                                {"sd_checkpoint_hash", ""},
                                {"sd_vae", "Automatic"},
                                {"CLIP_stop_at_last_layers", 1},
                                {"eta_noise_seed_delta", 0},
                                {"img2img_fix_steps", false},
                                {"img2img_color_correction", false},
                                {"img2img_background_color", "#ffffff"},
                                {"inpainting_mask_weight", 1.0},
                                {"initial_noise_multiplier", 1.0},
                                {"img2img_extra_noise", 0.0},
                                {"upscaler_for_img2img", nullptr},
                                {"samples_format", "png"},
                                {"samples_save", true},
                                {"return_grid", true},
                                {"randn_source", "CPU"},
                                {"live_previews_enable", true},
                                {"show_progress_every_n_steps", 10},
                                {"show_progress_type", "Approx cheap"},
                                {"jpeg_quality", 80},
                                {"webp_lossless", false},
                                {"face_restoration", false},
                                {"face_restoration_model", "CodeFormer"},
                                {"code_former_weight", 0.5},
                                {"eta_ancestral", 1.0},
                                {"eta_ddim", 0.0},
                                {"s_churn", 0.0},
                                {"s_tmin", 0.0},
                                {"s_tmax", 0.0},
                                {"s_noise", 1.0},
                                {"sigma_min", 0.0},
                                {"sigma_max", 0.0},
                                {"rho", 0.0},
                                {"always_discard_next_to_last_sigma", false},
                                {"emphasis", "Original"},
                                {"comma_padding_backtrack", 20},
                                {"ESRGAN_tile", 192},
                                {"ESRGAN_tile_overlap", 8},
                                {"enable_pnginfo", true},
                                {"interrogate_return_ranks", false},
                                {"grid_save", true},
                                {"save_images_add_number", true},
                                {"CLIP_ignore_last_layers", 0},
                                {"outdir_samples", ""},
                                {"sd_lora", "None"}};
  return defaults;
}

bool same_type(const Json& a, const Json& b) {
  return a.is_null() || b.is_null() || a.type() == b.type() || (a.is_number() && b.is_number());
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

[[noreturn]] void not_done_here(const std::string& field, const std::string& what) {
  throw CodedError(ErrorKind::Unsupported, "unsupported", field + ": " + what, field);
}

void refuse_unsupported(const Json& p) {
  const auto on = [&](const char* name) { return p.value(name, Json(nullptr)) == Json(true); };
  if (on("restore_faces"))
    not_done_here("restore_faces", "there is no face restoration here; send false");
  if (on("tiling")) not_done_here("tiling", "there are no seamless tiles here; send false");
  if (on("enable_hr"))
    not_done_here(
        "enable_hr",
        "there is no hires pass here; enlarge the result with extra-single-image or img2img");
  const Json refiner = p.value("refiner_checkpoint", Json(nullptr));
  if (refiner.is_string() && !refiner.get<std::string>().empty() && refiner != "None")
    not_done_here("refiner_checkpoint", "there is no refiner here");
  const Json script = p.value("script_name", Json(nullptr));
  if (script.is_string() && !script.get<std::string>().empty() && script != "None")
    throw CodedError(ErrorKind::InvalidArgument, "invalid",
                     "Script '" + script.get<std::string>().substr(0, 80) + "' not found");
  const Json always = p.value("alwayson_scripts", Json::object());
  for (const auto& [name, unit] : always.items()) {
    const Json arguments = unit.is_object() ? unit.value("args", Json::array()) : Json::array();
    const bool idle =
        !arguments.is_array() ||
        std::none_of(arguments.begin(), arguments.end(), [](const Json& a) {
          return a.is_object() ? a.value("enabled", Json(true)) == Json(true) : a == Json(true);
        });
    if (!idle)
      throw CodedError(ErrorKind::InvalidArgument, "invalid",
                       "always on script " + name.substr(0, 80) + " not found");
  }
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
      {"clip_skip", options.at("CLIP_stop_at_last_layers")},
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
  if (const Json vae = options.at("sd_vae");
      vae.is_string() && vae != "Automatic" && vae != "None" && vae != "")
    request["vae"] = app.models().need("vae", vae).file;
  if (!img2img) return request;
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

void add_mask(App& app, const Json& p, SdapiJob& job) {
  if (!p.at("mask").is_string()) return;
  const auto kinds = app.studio().kinds();
  const bool can =
      std::any_of(kinds.begin(), kinds.end(), [](const JobKind& k) { return k.kind == "inpaint"; });
  if (!can) not_done_here("mask", "this build cannot inpaint; send no mask");
  const std::string mask = decode_image_field(p.at("mask"), "mask");
  job.spec.kind = "inpaint";
  job.spec.inputs["mask"] = app.studio().inputs.add(as_bytes(mask), "mask.png").input.sha256;
  constexpr const char* kFills[] = {"fill", "original", "noise", "nothing"};
  Json& r = job.spec.request;
  r["mask_blur"] = p.at("mask_blur").is_null() ? p.at("mask_blur_x") : p["mask_blur"];
  r["mask_invert"] = p.at("inpainting_mask_invert").get<int>() != 0;
  r["masked_content"] = kFills[std::clamp(p.at("inpainting_fill").get<int>(), 0, 3)];
  r["only_masked"] = p.at("inpaint_full_res");
  r["only_masked_padding"] = p.at("inpaint_full_res_padding");
}

}  // namespace

std::vector<Field> sdapi_fields(bool img2img) {
  std::vector<Field> fields = {field("prompt", kString, "", {}, 20000),
                               field("negative_prompt", kString, "", {}, 20000),
                               {.name = "styles", .type = kArray, .items = kString},
                               field("seed", kInteger, -1),
                               field("subseed", kInteger, -1),
                               field("subseed_strength", kNumber, 0, 0, 1),
                               field("seed_resize_from_h", kInteger, -1, {}, 2048),
                               field("seed_resize_from_w", kInteger, -1, {}, 2048),
                               field("sampler_name", kString, nullptr, {}, 100),
                               field("scheduler", kString, nullptr, {}, 100),
                               field("batch_size", kInteger, 1, 1, 16),
                               field("n_iter", kInteger, 1, 1, 16),
                               field("steps", kInteger, 50, 1, 150),
                               field("cfg_scale", kNumber, 7.0, 0, 100),
                               field("width", kInteger, 512, 64, 2048),
                               field("height", kInteger, 512, 64, 2048),
                               field("restore_faces", kBoolean, nullptr),
                               field("tiling", kBoolean, nullptr),
                               field("do_not_save_samples", kBoolean, false),
                               field("do_not_save_grid", kBoolean, false),
                               field("eta", kNumber, nullptr, 0, 1),
                               field("denoising_strength", kNumber, 0.75, 0, 1),
                               field("s_min_uncond", kNumber, nullptr),
                               field("s_churn", kNumber, nullptr, 0, 100),
                               field("s_tmax", kNumber, nullptr, 0, 1000),
                               field("s_tmin", kNumber, nullptr, 0, 1000),
                               field("s_noise", kNumber, nullptr, 0, 2),
                               field("override_settings", kObject, Json::object()),
                               field("override_settings_restore_afterwards", kBoolean, true),
                               field("refiner_checkpoint", kString, nullptr),
                               field("refiner_switch_at", kNumber, nullptr),
                               field("disable_extra_networks", kBoolean, false),
                               field("firstpass_image", kString, nullptr),
                               field("comments", kObject, nullptr),
                               field("sampler_index", kString, "Euler", {}, 100),
                               field("script_name", kString, nullptr),
                               field("script_args", kArray, Json::array()),
                               field("send_images", kBoolean, true),
                               field("save_images", kBoolean, false),
                               field("alwayson_scripts", kObject, Json::object()),
                               field("force_task_id", kString, nullptr),
                               field("infotext", kString, nullptr, {}, 100000)};
  if (img2img) {
    for (Field& f : std::vector<Field>{{.name = "init_images", .type = kArray, .items = kString},
                                       field("resize_mode", kInteger, 0, 0, 3),
                                       field("image_cfg_scale", kNumber, nullptr, 0, 100),
                                       field("mask", kString, nullptr),
                                       field("mask_blur_x", kInteger, 4, 0, 64),
                                       field("mask_blur_y", kInteger, 4, 0, 64),
                                       field("mask_blur", kInteger, nullptr, 0, 64),
                                       field("mask_round", kBoolean, true),
                                       field("inpainting_fill", kInteger, 0, 0, 3),
                                       field("inpaint_full_res", kBoolean, true),
                                       field("inpaint_full_res_padding", kInteger, 0, 0, 256),
                                       field("inpainting_mask_invert", kInteger, 0, 0, 1),
                                       field("initial_noise_multiplier", kNumber, nullptr, 0, 1.5),
                                       field("latent_mask", kString, nullptr),
                                       field("include_init_images", kBoolean, false)})
      fields.push_back(std::move(f));
  } else {
    for (Field& f : std::vector<Field>{
             field("enable_hr", kBoolean, false), field("firstphase_width", kInteger, 0),
             field("firstphase_height", kInteger, 0), field("hr_scale", kNumber, 2.0),
             field("hr_upscaler", kString, nullptr), field("hr_second_pass_steps", kInteger, 0),
             field("hr_resize_x", kInteger, 0), field("hr_resize_y", kInteger, 0),
             field("hr_checkpoint_name", kString, nullptr),
             field("hr_sampler_name", kString, nullptr), field("hr_scheduler", kString, nullptr),
             field("hr_prompt", kString, ""), field("hr_negative_prompt", kString, "")})
      fields.push_back(std::move(f));
  }
  return fields;
}

Json sdapi_options(App& app, const Json& overrides) {
  Json options = option_defaults();
  const auto apply = [&](const Json& values) {
    for (const auto& [name, value] : values.items())
      if (options.contains(name) && !value.is_null() && same_type(options[name], value))
        options[name] = value;
  };
  {
    const auto lock = app.studio().db().lock();
    Statement row = app.studio().db().query("SELECT value FROM meta WHERE key = 'sdapi.options'");
    if (row.next()) apply(Json::parse(row.text(0)));
  }
  apply(overrides);
  const auto model =
      app.models().find("checkpoint", options["sd_model_checkpoint"].get<std::string>());
  if (model) {
    options["sd_model_checkpoint"] = title_of(*model);
    options["sd_checkpoint_hash"] = model->sha256.value_or("");
  } else if (options["sd_model_checkpoint"] == "") {
    const std::string wanted = app.studio().settings.value("model");
    for (const CatalogModel& m : app.models().list("checkpoint"))
      if (!m.problem && (wanted.empty() || m.name == wanted || m.id == wanted) &&
          options["sd_model_checkpoint"] == "")
        options["sd_model_checkpoint"] = title_of(m);
  }
  return options;
}

void save_sdapi_options(App& app, const Json& changes) {
  std::vector<std::string> names;
  for (const auto& [name, value] : option_defaults().items()) names.push_back(name);
  Json kept = Json::object();
  const auto lock = app.studio().db().lock();
  Statement row = app.studio().db().query("SELECT value FROM meta WHERE key = 'sdapi.options'");
  if (row.next()) kept = Json::parse(row.text(0));
  for (const auto& [name, value] : changes.items()) {
    if (!option_defaults().contains(name)) {
      const auto near = closest_word(name, names);
      throw CodedError(ErrorKind::InvalidArgument, "unknown_field",
                       "there is no option '" + name.substr(0, 80) + "'" +
                           (near ? "; did you mean " + *near + "?" : ""),
                       name.substr(0, 80));
    }
    if (!same_type(option_defaults()[name], value))
      throw CodedError(ErrorKind::InvalidArgument, "wrong_type",
                       name + " is " + value.dump().substr(0, 60) + ", expected something like " +
                           option_defaults()[name].dump(),
                       name);
    if (name == "sd_model_checkpoint" && value.is_string() && !value.get<std::string>().empty())
      app.models().need("checkpoint", value);
    kept[name] = value;
  }
  app.studio().db().run(
      "INSERT INTO meta (key, value) VALUES ('sdapi.options', ?) ON CONFLICT (key) DO UPDATE SET "
      "value = excluded.value",
      dumped(kept));
}

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

SdapiJob sdapi_job(App& app, const Json& body, bool img2img) {
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
  if (p["override_settings_restore_afterwards"] == false) {
    Json keep = Json::object();
    for (const auto& [name, value] : p.at("override_settings").items())
      if (option_defaults().contains(name)) keep[name] = value;
    save_sdapi_options(app, keep);
  }
  if (img2img && (p.at("init_images").is_null() || p["init_images"].empty()))
    throw CodedError(ErrorKind::NotFound, "not_found", "Init image not found");
  job.spec.kind = img2img ? "img2img" : "txt2img";
  job.spec.request = request_of(app, p, job.options, img2img);
  if (img2img) {
    const std::string bytes = decode_image_field(p["init_images"][0], "init_images");
    job.spec.inputs["source"] = app.studio().inputs.add(as_bytes(bytes), "init.png").input.sha256;
    add_mask(app, p, job);
    if (p["include_init_images"] != true) p["init_images"] = p["mask"] = nullptr;
  }
  job.send_images = p.at("send_images");
  job.shown = std::move(p);
  return job;
}

}  // namespace pentimento
