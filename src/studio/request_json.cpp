#include "studio/request_json.h"

#include "pipelines/img2img_infotext.h"
#include "samplers/schedule.h"
#include "studio/control_json.h"
#include "studio/json_visitor.h"

namespace pentimento {
namespace {

constexpr Word<ResizeMode> kResizeModes[] = {{"stretch", ResizeMode::Stretch},
                                             {"crop", ResizeMode::Crop},
                                             {"fill", ResizeMode::Fill},
                                             {"latent", ResizeMode::Latent}};
constexpr Word<RngSource> kRngs[] = {{"cpu", RngSource::Cpu}, {"nv", RngSource::Nv}};
constexpr Word<Emphasis> kEmphases[] = {{"original", Emphasis::Original},
                                        {"none", Emphasis::None},
                                        {"ignore", Emphasis::Ignore},
                                        {"no_norm", Emphasis::NoNorm}};

template <typename Visitor, typename Request, typename Choice>
void visit(Visitor& field, Request& r, Choice& choice) {
  field("model", choice.model);
  field("vae", choice.vae);
  field("text_encoder", choice.text_encoder);
  field("prompt", r.prompt);
  field("negative_prompt", r.negative_prompt);
  field("strength", r.strength);
  field("fix_steps", r.fix_steps);
  field("steps", r.steps);
  field("sampler", r.sampler);
  field("scheduler", r.scheduler);
  field("cfg", r.cfg);
  field("image_cfg", r.image_cfg);
  field("width", r.width);
  field("height", r.height);
  field.word("resize_mode", kResizeModes, r.resize_mode);
  field("batch", r.batch);
  field("seed", r.seed);
  field("subseed", r.subseed);
  field("subseed_strength", r.subseed_strength);
  field("seed_resize_width", r.seed_resize_width);
  field("seed_resize_height", r.seed_resize_height);
  field("eta_noise_seed_delta", r.eta_noise_seed_delta);
  field.word("rng", kRngs, r.rng);
  field("clip_skip", r.clip_skip);
  field.word("emphasis", kEmphases, r.emphasis);
  field("eta", r.eta);
  field("s_churn", r.s_churn);
  field("s_tmin", r.s_tmin);
  field("s_tmax", r.s_tmax);
  field("s_noise", r.s_noise);
  field("sigma_min", r.sigma_min);
  field("sigma_max", r.sigma_max);
  field("rho", r.rho);
  field("initial_noise_multiplier", r.initial_noise_multiplier);
  field("extra_noise", r.extra_noise);
  field("color_correction", r.color_correction);
}

constexpr auto kNumber = FieldType::Number;
constexpr auto kInteger = FieldType::Integer;
constexpr double kLargestSeed = 4294967295.0;

std::vector<Field> picture_fields() {
  return {
      {.name = "strength",
       .type = kNumber,
       .default_value = 0.75,
       .what = "share of the schedule that runs; 0 keeps the picture",
       .minimum = 0,
       .maximum = 1},
      {.name = "fix_steps",
       .type = FieldType::Boolean,
       .default_value = false,
       .what = "run exactly `steps` steps whatever the strength"},
      {.name = "image_cfg",
       .type = kNumber,
       .default_value = 1.5,
       .what = "edit models: guidance towards the source picture",
       .minimum = 0,
       .maximum = 100},
      {.name = "resize_mode",
       .default_value = "stretch",
       .what = "how the source is brought to the result's size",
       .choices = words(kResizeModes)},
      {.name = "initial_noise_multiplier",
       .type = kNumber,
       .default_value = 1,
       .what = "scales the noise put on the source",
       .minimum = 0,
       .maximum = 1.5},
      {.name = "extra_noise",
       .type = kNumber,
       .default_value = 0,
       .what = "more noise, for more detail",
       .minimum = 0,
       .maximum = 1},
      {.name = "color_correction",
       .type = FieldType::Boolean,
       .default_value = false,
       .what = "give the result the source's colours"},
  };
}

std::vector<Field> common_fields() {
  return {
      {.name = "model",
       .default_value = "",
       .what = "checkpoint, by id or name; empty: the setting `model`",
       .maximum = 300},
      {.name = "vae",
       .default_value = "",
       .what = "separate VAE, by id or name; none: the model's own; empty: the one chosen for the "
               "model, beside it, or the setting `vae`",
       .maximum = 300},
      {.name = "text_encoder",
       .default_value = "",
       .what = "for a model without one (a UNet alone): the model that lends its own, and its VAE",
       .maximum = 300},
      {.name = "prompt",
       .default_value = "",
       .what = "what the result should show",
       .maximum = 20000},
      {.name = "negative_prompt",
       .default_value = "",
       .what = "what it should not show",
       .maximum = 20000},
      {.name = "steps",
       .type = kInteger,
       .what = "steps of the whole schedule; null: the model's",
       .minimum = 1,
       .maximum = 150},
      {.name = "sampler",
       .default_value = "",
       .what = "name or alias; empty: the model's",
       .maximum = 60},
      {.name = "scheduler", .default_value = "Automatic", .what = "noise schedule", .maximum = 60},
      {.name = "cfg",
       .type = kNumber,
       .what = "guidance by the prompt; null: the model's",
       .minimum = 0,
       .maximum = 100},
      {.name = "width",
       .type = kInteger,
       .default_value = 0,
       .what = "pixels, a multiple of 8; 0: from the picture, or the model's size",
       .minimum = 0,
       .maximum = 2048},
      {.name = "height",
       .type = kInteger,
       .default_value = 0,
       .what = "pixels, a multiple of 8; 0: from the picture, or the model's size",
       .minimum = 0,
       .maximum = 2048},
      {.name = "batch",
       .type = kInteger,
       .default_value = 1,
       .what = "pictures; picture k uses seed + k",
       .minimum = 1,
       .maximum = 16},
      {.name = "seed",
       .type = kInteger,
       .what = "null: drawn when the job is stored",
       .minimum = 0,
       .maximum = kLargestSeed},
      {.name = "subseed",
       .type = kInteger,
       .what = "variation seed; null: drawn when the job is stored",
       .minimum = 0,
       .maximum = kLargestSeed},
      {.name = "subseed_strength",
       .type = kNumber,
       .default_value = 0,
       .what = "share of the variation",
       .minimum = 0,
       .maximum = 1},
      {.name = "seed_resize_width",
       .type = kInteger,
       .default_value = 0,
       .what = "pixels the seed was made for",
       .minimum = 0,
       .maximum = 2048},
      {.name = "seed_resize_height",
       .type = kInteger,
       .default_value = 0,
       .what = "pixels the seed was made for",
       .minimum = 0,
       .maximum = 2048},
      {.name = "eta_noise_seed_delta",
       .type = kInteger,
       .default_value = 0,
       .what = "ENSD",
       .minimum = 0,
       .maximum = kLargestSeed},
      {.name = "rng",
       .default_value = "cpu",
       .what = "which random numbers: torch's on the CPU, or on NVIDIA",
       .choices = words(kRngs)},
      {.name = "clip_skip",
       .type = kInteger,
       .what = "text encoder layer, counted from the last; null: the model's",
       .minimum = 1,
       .maximum = 12},
      {.name = "emphasis",
       .default_value = "original",
       .what = "what (attention:1.2) does",
       .choices = words(kEmphases)},
      {.name = "eta",
       .type = kNumber,
       .what = "noise of ancestral samplers; null: the sampler's",
       .minimum = 0,
       .maximum = 1},
      {.name = "s_churn",
       .type = kNumber,
       .default_value = 0,
       .what = "",
       .minimum = 0,
       .maximum = 100},
      {.name = "s_tmin",
       .type = kNumber,
       .default_value = 0,
       .what = "",
       .minimum = 0,
       .maximum = 1000},
      {.name = "s_tmax",
       .type = kNumber,
       .default_value = 0,
       .what = "0: no limit",
       .minimum = 0,
       .maximum = 1000},
      {.name = "s_noise",
       .type = kNumber,
       .default_value = 1,
       .what = "",
       .minimum = 0,
       .maximum = 2},
      {.name = "sigma_min",
       .type = kNumber,
       .default_value = 0,
       .what = "0: the schedule's own",
       .minimum = 0,
       .maximum = 1000},
      {.name = "sigma_max",
       .type = kNumber,
       .default_value = 0,
       .what = "0: the schedule's own",
       .minimum = 0,
       .maximum = 1000},
      {.name = "rho",
       .type = kNumber,
       .default_value = 0,
       .what = "0: the schedule's own",
       .minimum = 0,
       .maximum = 100},
  };
}

}  // namespace

std::vector<Field> img2img_fields(bool with_picture) {
  std::vector<Field> fields = common_fields();
  if (with_picture)
    for (Field& field : picture_fields()) fields.push_back(std::move(field));
  return fields;
}

void read_img2img(const Json& json, Img2ImgRequest& request, ModelChoice& choice) {
  Reader reader(json);
  visit(reader, request, choice);
  choice.controls = controls_from_json(json);
}

Json img2img_to_json(const Img2ImgRequest& request, const ModelChoice& choice) {
  Writer writer;
  visit(writer, request, choice);
  if (!choice.controls.empty()) writer.json["control"] = controls_to_json(choice.controls);
  return std::move(writer.json);
}

Img2ImgJob img2img_job_from_json(const Json& json) {
  Img2ImgJob job;
  read_img2img(json, job.request, job.choice);
  return job;
}

Json img2img_job_to_json(const Img2ImgJob& job) { return img2img_to_json(job.request, job.choice); }

Img2ImgJob img2img_job_from_infotext(const Infotext& info) {
  return {request_from_infotext(info),
          {.model = info.get("Model").value_or(""),
           .vae = info.get("VAE").value_or(""),
           .text_encoder = info.get("Text encoder").value_or("")}};
}

}  // namespace pentimento
