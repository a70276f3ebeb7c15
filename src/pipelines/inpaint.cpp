#include "pipelines/inpaint.h"

#include "image/color.h"
#include "image/detail.h"
#include "image/dye.h"
#include "image/fill.h"
#include "image/morphology.h"
#include "image/overlay.h"
#include "image/patch_fill.h"
#include "pipelines/inpaint_infotext.h"
#include "pipelines/soft_inpainting.h"

namespace pentimento {
namespace {

constexpr int kRingPx = 16;  // of untouched picture around the mask, to measure colours on

// What is painted over, at the size painted at, and what it was made from.
struct Prepared {
  Image picture;
  Image own_size;  // Patches, Dye: the part of the picture at its own size; else empty
};

Prepared prepared_picture(const InpaintRequest& r, const InpaintPlan& plan, const Image& whole,
                          const Image& repaint) {
  const int width = plan.img2img.width, height = plan.img2img.height;
  const auto seen = [&](const Image& part) {
    return resize_image(part, width, height, plan.region ? ResizeMode::Fill : plan.resize_mode);
  };
  const Image part = plan.region ? crop(whole, *plan.region) : whole;
  const auto mask = [&] { return plan.region ? crop(plan.mask, *plan.region) : plan.mask; };
  const auto at_own_size = [&](Image filled) {
    Image small = seen(filled);
    return Prepared{std::move(small), std::move(filled)};
  };
  switch (r.masked_content) {
    case MaskedContent::Original:
      return {seen(part), {}};
    case MaskedContent::Blur:
      return {blur_fill(seen(part), repaint), {}};
    case MaskedContent::Patches:
      return at_own_size(patch_fill(part, mask()));
    case MaskedContent::Dye:
      if (plan.dye) return at_own_size(dyed(part, mask(), *plan.dye));
      [[fallthrough]];
    case MaskedContent::Grey:
      return {blend_by_mask(seen(part), to_rgb(to_grey(seen(part))), repaint), {}};
    case MaskedContent::Fill:
    case MaskedContent::Noise:
    case MaskedContent::Nothing:
      return {fill_masked(seen(part), repaint), {}};
  }
  return {seen(part), {}};
}

// The soft mask of what really changed, from the size painted at to the result's.
Image placed(const Image& mask, const InpaintPlan& plan) {
  if (!plan.region) return resize(mask, plan.result_width, plan.result_height, Filter::Lanczos);
  Image whole(plan.result_width, plan.result_height, 1);
  paste(whole, resize_image(mask, plan.region->width(), plan.region->height(), ResizeMode::Crop),
        plan.region->left, plan.region->top);
  return whole;
}

}  // namespace

std::vector<Img2ImgPicture> run_inpaint(LoadedModel& model, const InpaintRequest& request,
                                        const InpaintPlan& plan, const InputImage& picture,
                                        const InputImage& mask, const Img2ImgOptions& options,
                                        const Progress& progress) {
  const Image whole = to_rgb(picture.image);
  const RepaintMask repaint = repaint_mask_of(request, plan);
  Prepared made_ready = prepared_picture(request, plan, whole, repaint.repaint);
  const InputImage prepared{
      .image = std::move(made_ready.picture), .name = picture.name, .sha256 = picture.sha256};
  const Image original = plan.keeps_size ? whole
                                         : resize_image(whole, plan.result_width,
                                                        plan.result_height, plan.resize_mode);
  const Image around = request.match_tone ? ring(repaint.repaint, kRingPx) : Image();

  Img2ImgInputs inputs{.picture = &prepared, .mask = &repaint};
  if (plan.region) inputs.part = PartOfPicture{*plan.region, whole.width, whole.height};
  inputs.facts = inpaint_facts(request, plan, mask);
  inputs.finish = [&](Image made, const FinishedLatents& latents) {
    if (request.match_tone) made = match_tone(made, prepared.image, around);
    if (plan.shows_fill && plan.keeps_size)
      made = carry_detail(made_ready.own_size, prepared.image, made,
                          plan.region ? ResizeMode::Crop : ResizeMode::Stretch);
    if (!request.overlay) return made;
    Image laid = plan.paste;
    if (request.soft.enabled)
      laid = placed(changed_mask(latents, repaint, request.soft, made.width, made.height), plan);
    if (!plan.region && (made.width != original.width || made.height != original.height))
      made = resize(made, original.width, original.height, Filter::Lanczos);
    return apply_overlay(made, make_overlay(original, laid), plan.region);
  };
  Img2ImgRequest base = painted_request(request, plan);
  base.width = plan.img2img.width;
  base.height = plan.img2img.height;
  return run_img2img(model, base, plan.img2img, inputs, options, progress);
}

}  // namespace pentimento
