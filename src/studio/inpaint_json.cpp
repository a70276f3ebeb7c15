#include "studio/inpaint_json.h"

#include "studio/control_json.h"
#include "studio/json_visitor.h"

namespace pentimento {
namespace {

constexpr Word<MaskedContent> kContents[] = {
    {"original", MaskedContent::Original}, {"fill", MaskedContent::Fill},
    {"noise", MaskedContent::Noise},       {"nothing", MaskedContent::Nothing},
    {"blur", MaskedContent::Blur},         {"patches", MaskedContent::Patches},
    {"grey", MaskedContent::Grey},         {"dye", MaskedContent::Dye}};
constexpr Word<InpaintIntent> kIntents[] = {{"", InpaintIntent::None},
                                            {"retouch", InpaintIntent::Retouch},
                                            {"recolour", InpaintIntent::Recolour},
                                            {"replace", InpaintIntent::Replace},
                                            {"remove", InpaintIntent::Remove},
                                            {"add", InpaintIntent::Add},
                                            {"background", InpaintIntent::Background}};

template <typename Visitor, typename Request>
void visit(Visitor& field, Request& r) {
  field.word("intent", kIntents, r.intent);
  field("mask_invert", r.mask_invert);
  field("mask_grow", r.mask_grow_px);
  field("mask_feather", r.mask_feather_px);
  field("mask_blur", r.mask_blur);
  field("mask_blur_x", r.mask_blur_x);
  field("mask_blur_y", r.mask_blur_y);
  field.word("masked_content", kContents, r.masked_content);
  field("only_masked", r.only_masked);
  field("only_masked_padding", r.only_masked_padding);
  field("conditional_mask_weight", r.conditional_mask_weight);
  field("differential", r.differential);
  field("match_tone", r.match_tone);
  field("keep_size", r.keep_size);
  field("overlay", r.overlay);
  field("soft", r.soft.enabled);
  field("soft_schedule_bias", r.soft.blend.schedule_bias);
  field("soft_preservation", r.soft.blend.preservation);
  field("soft_transition_contrast", r.soft.blend.transition_contrast);
  field("soft_mask_influence", r.soft.mask_influence);
  field("soft_difference_threshold", r.soft.difference_threshold);
  field("soft_difference_contrast", r.soft.difference_contrast);
}

// Null everywhere: the intent decides, or the usual value that `what` names.
Field number(const char* name, const char* what, double low, double high) {
  return {.name = name, .type = FieldType::Number, .what = what, .minimum = low, .maximum = high};
}
Field whole(const char* name, const char* what, double low, double high) {
  return {.name = name, .type = FieldType::Integer, .what = what, .minimum = low, .maximum = high};
}
Field yes_or_no(const char* name, const char* what) {
  return {.name = name, .type = FieldType::Boolean, .what = what};
}

}  // namespace

std::vector<Field> inpaint_fields() {
  std::vector<Field> fields = img2img_fields(/*with_picture=*/true);
  for (Field& field : fields)
    if (field.name == "strength") {
      field.default_value = nullptr;
      field.what += "; null: as the intent says, usually 0.75";
    }
  const std::vector<Field> mask = {
      {.name = "intent",
       .default_value = "",
       .what = "what the mask is for: chooses the settings that are null",
       .choices = words(kIntents)},
      yes_or_no("mask_invert", "black is repainted (false)"),
      whole("mask_grow", "pixels the mask grows; below 0 it shrinks (0)", -512, 512),
      whole("mask_feather", "pixels of a ramp outwards from the mask's edge (0)", 0, 512),
      number("mask_blur", "sigma in pixels (4)", 0, 64),
      number("mask_blur_x", "sideways only; null: mask_blur", 0, 64),
      number("mask_blur_y", "up and down only; null: mask_blur", 0, 64),
      {.name = "masked_content",
       .what = "what lies under the mask before it is painted over (original)",
       .choices = words(kContents)},
      yes_or_no("only_masked", "paint only the region around the mask, at full resolution (false)"),
      whole("only_masked_padding", "pixels of surroundings that the model sees (32)", 0, 1024),
      number("conditional_mask_weight", "inpainting models: how strictly the mask hides (1)", 0, 1),
      yes_or_no("differential", "greys of the mask are strengths, pixel by pixel (false)"),
      yes_or_no("match_tone", "take out a shift of colour, measured around the mask (false)"),
      yes_or_no("keep_size", "the result has the source's size whatever is painted at (false)"),
      yes_or_no("overlay", "lay the source back over what was kept (true)"),
      yes_or_no("soft", "A1111's soft inpainting (false)"),
      number("soft_schedule_bias", "how much later the mask hardens (1)", 0, 8),
      number("soft_preservation", "how much of the source stays (0.5)", 0, 8),
      number("soft_transition_contrast", "how magnitudes are mixed (4)", 1, 32),
      number("soft_mask_influence", "how much the mask counts in the final blend (0)", 0, 1),
      number("soft_difference_threshold", "how much must have changed to show (0.5)", 0, 8),
      number("soft_difference_contrast", "how sharply that is decided (2)", 0, 8)};
  fields.insert(fields.end(), mask.begin(), mask.end());
  fields.push_back(control_field());
  return fields;
}

InpaintJob inpaint_job_from_json(const Json& json) {
  InpaintJob job{inpaint_preset(value_of(kIntents, json.value("intent", Json("")))), {}};
  read_img2img(json, job.request.base, job.choice);
  Reader reader(json);
  visit(reader, job.request);
  return job;
}

Json inpaint_job_to_json(const InpaintJob& job) {
  Json json = img2img_to_json(job.request.base, job.choice);
  Writer writer;
  visit(writer, job.request);
  json.update(writer.json);
  return json;
}

}  // namespace pentimento
