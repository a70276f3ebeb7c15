#include "base/error.h"
#include "pipelines/inpaint.h"
#include "pipelines/problems.h"

namespace pentimento {

InpaintRequest inpaint_preset(InpaintIntent intent) {
  InpaintRequest r;
  r.intent = intent;
  if (intent == InpaintIntent::None) return r;
  // All intents paint at the region's own scale, fade out softly and keep the colours around.
  r.only_masked = true;
  r.mask_feather_px = 8;
  r.match_tone = true;
  switch (intent) {
    case InpaintIntent::Retouch:  // the same thing, better: skin, a face, a hand
      r.base.strength = 0.4;
      r.differential = true;
      r.conditional_mask_weight = 0;
      break;
    case InpaintIntent::Recolour:  // the same thing in other colours
      r.base.strength = 0.5;
      r.masked_content = MaskedContent::Dye;
      r.mask_feather_px = 4;
      r.conditional_mask_weight = 0;
      break;
    case InpaintIntent::Replace:  // another thing of about that shape
      r.base.strength = 0.85;
      r.only_masked_padding = 64;
      break;
    case InpaintIntent::Remove:  // the surroundings, carried on; halo and shadow go too
      r.base.strength = 0.5;
      r.masked_content = MaskedContent::Patches;
      r.mask_grow_px = 8;
      r.only_masked_padding = 128;
      break;
    case InpaintIntent::Add:  // something new in front of what is there
      r.base.strength = 1.0;
      r.masked_content = MaskedContent::Fill;
      r.only_masked_padding = 96;
      break;
    case InpaintIntent::Background:  // everything around something that stays
      r.base.strength = 1.0;
      r.masked_content = MaskedContent::Fill;
      r.only_masked = false;
      r.mask_feather_px = 4;
      r.match_tone = false;
      break;
    case InpaintIntent::None:
      break;
  }
  return r;
}

std::vector<std::string> problems_of(const InpaintRequest& r) {
  Problems problems(problems_of(r.base));
  problems.range("mask grow", r.mask_grow_px, -512, 512);
  problems.range("mask feather", r.mask_feather_px, 0, 512);
  problems.range("mask blur", r.mask_blur, 0.0, 64.0);
  if (r.mask_blur_x) problems.range("mask blur x", *r.mask_blur_x, 0.0, 64.0);
  if (r.mask_blur_y) problems.range("mask blur y", *r.mask_blur_y, 0.0, 64.0);
  problems.range("only masked padding", r.only_masked_padding, 0, 1024);
  problems.range("conditional mask weight", r.conditional_mask_weight, 0.0, 1.0);
  const SoftInpainting& soft = r.soft;
  problems.range("soft schedule bias", soft.blend.schedule_bias, 0.0, 8.0);
  problems.range("soft preservation", soft.blend.preservation, 0.0, 8.0);
  problems.range("soft transition contrast", soft.blend.transition_contrast, 1.0, 32.0);
  problems.range("soft mask influence", soft.mask_influence, 0.0, 1.0);
  problems.range("soft difference threshold", soft.difference_threshold, 0.0, 8.0);
  problems.range("soft difference contrast", soft.difference_contrast, 0.0, 8.0);
  if (soft.enabled && r.differential)
    problems.add(
        "soft inpainting and differential strength are two readings of a grey mask; choose one");
  if (r.base.resize_mode == ResizeMode::Latent)
    problems.add("resize mode is latent, expected stretch, crop or fill: a mask needs pixels");
  return problems.take();
}

void validate(const InpaintRequest& request) { refuse(problems_of(request)); }

}  // namespace pentimento
