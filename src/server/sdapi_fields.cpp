// The fields of AUTOMATIC1111's requests, with its defaults (webui-spec §6.2, §6.3).
#include "server/sdapi_request.h"

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
             field("enable_hr", kBoolean, false), field("firstphase_width", kInteger, 0, 0, 2048),
             field("firstphase_height", kInteger, 0, 0, 2048),
             field("hr_scale", kNumber, 2.0, 1, 8), field("hr_upscaler", kString, nullptr, {}, 200),
             field("hr_second_pass_steps", kInteger, 0, 0, 150),
             field("hr_resize_x", kInteger, 0, 0, 2048), field("hr_resize_y", kInteger, 0, 0, 2048),
             field("hr_checkpoint_name", kString, nullptr),
             field("hr_sampler_name", kString, nullptr), field("hr_scheduler", kString, nullptr),
             field("hr_prompt", kString, "", {}, 20000),
             field("hr_negative_prompt", kString, "", {}, 20000)})
      fields.push_back(std::move(f));
  }
  return fields;
}

}  // namespace pentimento
