#include "pipelines/inpaint_infotext.h"

#include "pipelines/infotext_fields.h"

namespace pentimento {
namespace {

constexpr InpaintIntent kIntents[] = {
    InpaintIntent::None,   InpaintIntent::Retouch, InpaintIntent::Recolour,  InpaintIntent::Replace,
    InpaintIntent::Remove, InpaintIntent::Add,     InpaintIntent::Background};
constexpr MaskedContent kContents[] = {
    MaskedContent::Fill, MaskedContent::Original, MaskedContent::Noise, MaskedContent::Nothing,
    MaskedContent::Blur, MaskedContent::Patches,  MaskedContent::Grey,  MaskedContent::Dye};

// One list of A1111's names for both directions.
template <typename Soft, typename Visit>
void visit_soft(Soft& soft, Visit visit) {
  visit("Soft inpainting schedule bias", soft.blend.schedule_bias);
  visit("Soft inpainting preservation strength", soft.blend.preservation);
  visit("Soft inpainting transition contrast boost", soft.blend.transition_contrast);
  visit("Soft inpainting mask influence", soft.mask_influence);
  visit("Soft inpainting difference threshold", soft.difference_threshold);
  visit("Soft inpainting difference contrast", soft.difference_contrast);
}

}  // namespace

const char* to_string(InpaintIntent intent) {
  switch (intent) {
    case InpaintIntent::None:
      return "";
    case InpaintIntent::Retouch:
      return "retouch";
    case InpaintIntent::Recolour:
      return "recolour";
    case InpaintIntent::Replace:
      return "replace";
    case InpaintIntent::Remove:
      return "remove";
    case InpaintIntent::Add:
      return "add";
    case InpaintIntent::Background:
      return "background";
  }
  return "";
}

const char* to_string(MaskedContent content) {
  switch (content) {
    case MaskedContent::Fill:
      return "fill";
    case MaskedContent::Original:
      return "original";
    case MaskedContent::Noise:
      return "latent noise";
    case MaskedContent::Nothing:
      return "latent nothing";
    case MaskedContent::Blur:
      return "blur";
    case MaskedContent::Patches:
      return "patches";
    case MaskedContent::Grey:
      return "grey";
    case MaskedContent::Dye:
      return "dye";
  }
  return "";
}

InfotextFacts inpaint_facts(const InpaintRequest& r, const InpaintPlan& plan,
                            const InputImage& mask) {
  InfotextFacts facts;
  const auto add = [&](const char* key, const std::string& value, bool when = true) {
    if (when) facts.emplace_back(key, value);
  };
  const double blur_x = r.mask_blur_x.value_or(r.mask_blur),
               blur_y = r.mask_blur_y.value_or(r.mask_blur);
  add("Conditional mask weight", number_text(r.conditional_mask_weight),
      r.conditional_mask_weight != 1);
  add("Mask mode", "Inpaint not masked", r.mask_invert);
  add("Mask blur", number_text(r.mask_blur));
  add("Mask blur x", number_text(blur_x), blur_x != r.mask_blur);
  add("Mask blur y", number_text(blur_y), blur_y != r.mask_blur);
  add("Inpaint area", "Only masked", r.only_masked);
  add("Masked area padding", std::to_string(r.only_masked_padding), r.only_masked);
  add("Masked content", to_string(r.masked_content), r.masked_content != MaskedContent::Original);
  add("Mask grow", std::to_string(r.mask_grow_px), r.mask_grow_px != 0);
  add("Mask feather", std::to_string(r.mask_feather_px), r.mask_feather_px != 0);
  add("Differential strength", "True", r.differential);
  add("Tone match", "True", r.match_tone);
  add("Keep size", "True", plan.keeps_size && !r.only_masked);
  add("Overlay", "False", !r.overlay);
  add("Soft inpainting enabled", "True", r.soft.enabled);
  if (r.soft.enabled)
    visit_soft(r.soft, [&](const char* key, double value) { add(key, number_text(value)); });
  add("Inpaint intent", to_string(r.intent), r.intent != InpaintIntent::None);
  record_file(facts, "Mask", mask.name, mask.sha256);
  return facts;
}

std::optional<RecordedFile> mask_of_infotext(const Infotext& info) {
  return recorded_file(info, "Mask");
}

InpaintRequest inpaint_request_from_infotext(const Infotext& info) {
  InpaintRequest r;
  r.base = request_from_infotext(info);
  r.conditional_mask_weight = read_field_or(info, "Conditional mask weight", 1.0);
  r.mask_invert = info.get("Mask mode").value_or("") == "Inpaint not masked";
  r.mask_blur = read_field_or(info, "Mask blur", 0.0);  // A1111 leaves a blur of 0 out
  r.mask_blur_x = read_field<double>(info, "Mask blur x");
  r.mask_blur_y = read_field<double>(info, "Mask blur y");
  r.only_masked = info.get("Inpaint area").value_or("") == "Only masked";
  r.only_masked_padding = read_field_or(info, "Masked area padding", 32);
  const std::string content = info.get("Masked content").value_or("original");
  for (const MaskedContent known : kContents)
    if (content == to_string(known)) r.masked_content = known;
  r.mask_grow_px = read_field_or(info, "Mask grow", 0);
  r.mask_feather_px = read_field_or(info, "Mask feather", 0);
  r.differential = field_is_true(info, "Differential strength");
  r.match_tone = field_is_true(info, "Tone match");
  r.keep_size = field_is_true(info, "Keep size");
  r.overlay = info.get("Overlay").value_or("") != "False";
  r.soft.enabled = field_is_true(info, "Soft inpainting enabled");
  visit_soft(r.soft,
             [&](const char* key, double& value) { value = read_field_or(info, key, value); });
  const std::string intent = info.get("Inpaint intent").value_or("");
  for (const InpaintIntent known : kIntents)
    if (intent == to_string(known)) r.intent = known;
  return r;
}

}  // namespace pentimento
