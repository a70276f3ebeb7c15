// Resolving an inpaint request: the mask as it will be used, the region, the size painted at.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/error.h"
#include "image/blur.h"
#include "image/colour_names.h"
#include "image/mask.h"
#include "image/morphology.h"
#include "pipelines/inpaint.h"
#include "pipelines/picture_size.h"
#include "pipelines/problems.h"

namespace pentimento {
namespace {

constexpr double kTouchUpStrength = 0.3;

std::string size_text(int width, int height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

bool greys_count(const InpaintRequest& r) { return r.soft.enabled || r.differential; }

void refuse_empty(const Image& mask, const std::string& why) {
  if (!bounding_box(mask))
    throw Error(ErrorKind::InvalidArgument,
                why + "; paint white (or opaque) what should change, or invert the mask");
}

// The mask at the picture's size, through every wish about its shape.
Image prepared_mask(const InpaintRequest& r, const Image& picture, const InputImage& given,
                    std::vector<std::string>& notes) {
  const auto rounding = greys_count(r) ? MaskRounding::Keep : MaskRounding::Round;
  Image mask = mask_from_image(given.image, rounding);
  if (mask.width != picture.width || mask.height != picture.height) {
    notes.push_back("the mask is " + size_text(mask.width, mask.height) +
                    ", stretched to the picture's " + size_text(picture.width, picture.height));
    mask = resize_image(mask, picture.width, picture.height, ResizeMode::Stretch);
  }
  if (r.mask_invert) mask = inverted(mask);
  refuse_empty(mask, given.name + ": the mask is empty");
  if (r.mask_grow_px > 0) mask = grow(mask, r.mask_grow_px);
  if (r.mask_grow_px < 0) mask = shrink(mask, -r.mask_grow_px);
  refuse_empty(mask, given.name + ": nothing is left of the mask when it is shrunk by " +
                         std::to_string(-r.mask_grow_px) + " px");
  if (r.mask_feather_px > 0) {
    const Image ramp = feather(mask, r.mask_feather_px);
    std::transform(mask.pixels.begin(), mask.pixels.end(), ramp.pixels.begin(), mask.pixels.begin(),
                   [](uint8_t a, uint8_t b) { return std::max(a, b); });
  }
  return blur_mask(mask, r.mask_blur_x.value_or(r.mask_blur), r.mask_blur_y.value_or(r.mask_blur));
}

// The padded bounding box before it grows towards an aspect.
Region padded_box(const Image& mask, int padding) {
  const Region box = bounding_box(mask).value();
  return {std::max(box.left - padding, 0), std::max(box.top - padding, 0),
          std::min(box.right + padding, mask.width), std::min(box.bottom + padding, mask.height)};
}

// A region is painted at about its own size: more pixels than it has would only cost time. A
// network is at its best near its native size, so never under three quarters of that nor over it,
// and near a square: a long thin mask is seen with more of what lies beside it.
PictureSize working_size(const Region& region, int native) {
  const double aspect = std::clamp(static_cast<double>(region.width()) / region.height(), 0.5, 2.0);
  const double edge =
      std::max(region.width() / std::sqrt(aspect), region.height() * std::sqrt(aspect));
  return size_for(aspect, std::clamp(edge, 0.75 * native, 1.0 * native), native);
}

// What the mask becomes in the latent: refused when that is nothing.
void refuse_too_thin(const RepaintMask& mask, int width, int height, int factor,
                     const std::string& name) {
  if (mask.rounding == MaskRounding::Keep) return;
  const Tensor cells = latent_mask(mask.repaint, width / factor, height / factor, mask.rounding);
  if (std::any_of(cells.data.begin(), cells.data.end(), [](float v) { return v > 0; })) return;
  const std::string block = std::to_string(factor);
  throw Error(ErrorKind::InvalidArgument,
              name + ": the mask is too thin or too faint: it covers no block of " + block + "x" +
                  block + " pixels by half; paint it broader, or grow it");
}

// Dye, and what stands for it where the prompt names no colour.
void choose_dye(InpaintPlan& plan, const InpaintRequest& r, bool own) {
  const bool dye = r.masked_content == MaskedContent::Dye;
  const NamedColour* colour = dye ? colour_named_in(r.base.prompt) : nullptr;
  if (colour) {
    plan.dye = colour->rgb;
  } else if (own && (dye || r.masked_content == MaskedContent::Grey)) {
    throw Error(ErrorKind::InvalidArgument,
                "recolouring: Pentimento's own model needs a colour in the prompt, such as \"a red "
                "hoodie\"; other words about colours are for Stable Diffusion models");
  } else if (dye) {
    plan.notes.push_back("the prompt names no colour that is known here: begun from grey");
  }
}

}  // namespace

Img2ImgRequest only_touched_up(Img2ImgRequest base) {
  if (base.prompt.empty()) base.strength = std::min(base.strength, kTouchUpStrength);
  return base;
}

Img2ImgRequest painted_request(const InpaintRequest& r, const InpaintPlan& plan) {
  if (!plan.shows_fill) return r.base;
  Img2ImgRequest base = only_touched_up(r.base);
  if (plan.dye) base.strength = std::min(base.strength, kTouchUpStrength);
  return base;
}

RepaintMask repaint_mask_of(const InpaintRequest& r, const InpaintPlan& plan) {
  const int width = plan.img2img.width, height = plan.img2img.height;
  RepaintMask mask;
  if (plan.region)
    mask.repaint = resize_image(crop(plan.mask, *plan.region), width, height, ResizeMode::Fill);
  else
    mask.repaint = resize_image(plan.mask, width, height, plan.resize_mode);
  mask.hidden_weight = plan.shows_fill ? 0 : r.conditional_mask_weight;
  mask.rounding = greys_count(r) ? MaskRounding::Keep : MaskRounding::Round;
  if (r.masked_content == MaskedContent::Noise) mask.content = LatentContent::Noise;
  if (r.masked_content == MaskedContent::Nothing) mask.content = LatentContent::Nothing;
  mask.rule = r.soft.enabled   ? MaskRule::Soft
              : r.differential ? MaskRule::Differential
                               : MaskRule::Blend;
  mask.soft = r.soft.blend;
  return mask;
}

InpaintPlan plan_inpaint(const LoadedModel& model, const InpaintRequest& r,
                         const InputImage& picture, const InputImage& mask, uint64_t random_seed,
                         const Timings* timings) {
  validate(r);
  InpaintPlan plan;
  plan.mask = prepared_mask(r, picture.image, mask, plan.notes);
  const int native = model.config().native_size_px;
  const Image& image = picture.image;
  const bool any_size = r.base.width == 0 && r.base.height == 0;
  const bool own = model.config().variant == Variant::SourceConditioned;
  choose_dye(plan, r, own);
  plan.shows_fill = own && (plan.dye || r.masked_content == MaskedContent::Patches);
  plan.keeps_size = r.only_masked || r.keep_size || any_size;
  plan.resize_mode = plan.keeps_size ? ResizeMode::Stretch : r.base.resize_mode;

  Img2ImgRequest base = painted_request(r, plan);
  if (any_size && r.only_masked) {
    const PictureSize size = working_size(padded_box(plan.mask, r.only_masked_padding), native);
    base.width = size.width;
    base.height = size.height;
  }
  plan.img2img = plan_img2img(model, base, &picture, random_seed, timings);
  const int width = plan.img2img.width, height = plan.img2img.height;
  if (r.only_masked) {
    plan.region = crop_region(plan.mask, r.only_masked_padding, width, height);
    plan.paste = plan.mask;
  } else {
    plan.paste =
        plan.keeps_size ? plan.mask : resize_image(plan.mask, width, height, plan.resize_mode);
    plan.paste = doubled(plan.paste);
  }
  // A strength of 0.1 already changes a pixel, so all of it is laid over.
  if (r.differential)
    for (uint8_t& v : plan.paste.pixels) v = static_cast<uint8_t>(std::min(8 * v, 255));
  plan.result_width = plan.keeps_size ? image.width : width;
  plan.result_height = plan.keeps_size ? image.height : height;
  const auto touched = std::count_if(plan.mask.pixels.begin(), plan.mask.pixels.end(),
                                     [](uint8_t v) { return v >= 128; });
  plan.share = static_cast<double>(touched) / static_cast<double>(plan.mask.pixels.size());
  if (plan.share == 1) plan.notes.push_back("the mask covers the whole picture: nothing is kept");
  refuse_too_thin(repaint_mask_of(r, plan), width, height, model.config().vae.scale_factor,
                  mask.name);
  return plan;
}

std::string InpaintPlan::describe() const {
  char text[128];
  std::string line;
  if (region) {
    std::snprintf(text, sizeof text, "repaints %.0f %% of the picture; only %dx%d of %dx%d, ",
                  100 * share, region->width(), region->height(), mask.width, mask.height);
    line = text;
  } else {
    std::snprintf(text, sizeof text, "repaints %.0f %% of the picture; the whole of it, ",
                  100 * share);
    line = text;
  }
  line += img2img.describe();
  for (const std::string& note : notes) line += "\nnote: " + note;
  return line;
}

}  // namespace pentimento
