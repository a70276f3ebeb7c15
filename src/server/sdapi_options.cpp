// AUTOMATIC1111's options: the ones that clients are known to touch (webui-spec §6.7).
#include <algorithm>

#include "server/sdapi_request.h"
#include "studio/coded_error.h"

namespace pentimento {
namespace {

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

}  // namespace

bool is_sdapi_option(const std::string& name) { return option_defaults().contains(name); }

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

}  // namespace pentimento
