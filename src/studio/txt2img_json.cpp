#include "studio/txt2img_json.h"

#include <set>

#include "studio/control_json.h"
#include "studio/json_visitor.h"

namespace pentimento {
namespace {

template <typename Visitor, typename Job>
void visit(Visitor& field, Job& job) {
  auto& r = job.request;
  field("hires", job.hires);
  field("hires_scale", r.scale);
  field("hires_width", r.width);
  field("hires_height", r.height);
  field("hires_upscaler", r.upscaler);
  field("hires_strength", r.strength);
  field("hires_steps", r.steps);
  field("hires_sampler", r.sampler);
  field("hires_scheduler", r.scheduler);
  field("hires_prompt", r.prompt);
  field("hires_negative_prompt", r.negative_prompt);
}

Field text(const char* name, const char* fallback, const char* what, double longest) {
  return {.name = name, .default_value = fallback, .what = what, .maximum = longest};
}

Field number(const char* name, FieldType type, Json fallback, const char* what, double low,
             double high) {
  return {.name = name,
          .type = type,
          .default_value = std::move(fallback),
          .what = what,
          .minimum = low,
          .maximum = high};
}

const std::set<std::string>& txt2img_field_names() {
  static const std::set<std::string> names = [] {
    std::set<std::string> found;
    for (const Field& field : txt2img_fields()) found.insert(field.name);
    return found;
  }();
  return names;
}

}  // namespace

std::vector<Field> txt2img_fields() {
  constexpr auto kInteger = FieldType::Integer;
  std::vector<Field> fields = img2img_fields(/*with_picture=*/false);
  const std::vector<Field> hires = {
      {.name = "hires",
       .type = FieldType::Boolean,
       .default_value = false,
       .what = "two passes: paint small, enlarge, paint over"},
      number("hires_scale", FieldType::Number, 2, "of the first pass's size", 1, 8),
      number("hires_width", kInteger, 0, "pixels instead of a scale; one alone keeps proportions",
             0, 2048),
      number("hires_height", kInteger, 0, "pixels instead of a scale", 0, 2048),
      text("hires_upscaler", "Latent", "a latent mode, Lanczos, Nearest, None or an upscaler", 200),
      number("hires_strength", FieldType::Number, 0.75, "of the second pass", 0, 1),
      number("hires_steps", kInteger, 0, "of the second pass; 0: as the first", 0, 150),
      text("hires_sampler", "", "of the second pass; empty: as the first", 60),
      text("hires_scheduler", "", "of the second pass; empty: as the first", 60),
      text("hires_prompt", "", "of the second pass; empty: as the first", 20000),
      text("hires_negative_prompt", "", "of the second pass; empty: as the first", 20000)};
  fields.insert(fields.end(), hires.begin(), hires.end());
  fields.push_back(control_field());
  return fields;
}

Txt2ImgJob txt2img_job_from_json(const Json& json) {
  Txt2ImgJob job;
  read_img2img(json, job.request.base, job.choice);
  Reader reader(json);
  visit(reader, job);
  return job;
}

Json txt2img_job_to_json(const Txt2ImgJob& job) {
  Json json = img2img_to_json(job.request.base, job.choice);
  Writer writer;
  visit(writer, job);
  json.update(writer.json);
  // What only says how a picture is taken in would be refused when the request comes back.
  for (const Field& field : img2img_fields(/*with_picture=*/true))
    if (!txt2img_field_names().contains(field.name)) json.erase(field.name);
  return json;
}

}  // namespace pentimento
