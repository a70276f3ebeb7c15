#include "pipelines/outpaint.h"

#include "image/color.h"
#include "image/detail.h"
#include "image/morphology.h"
#include "pipelines/outpaint_infotext.h"
#include "pipelines/repeat.h"

namespace pentimento {
namespace {

constexpr int kRingPx = 16;  // of known picture beside the overlap, to measure colours on

Image laid_on(const Image& canvas, const Image& made, const OutpaintPass& pass,
              const Image& paste_mask) {
  Image under = canvas;
  paste(under, resize(made, pass.window.width(), pass.window.height(), Filter::Lanczos),
        pass.window.left, pass.window.top);
  return blend_by_mask(canvas, under, paste_mask);
}

// Progress of one pass as a part of all of them.
Progress part_of(const Progress& whole, size_t index, size_t count) {
  Progress part = whole;
  part.report = [&whole, index, count](const ProgressEvent& event) {
    ProgressEvent all = event;
    if (event.stage == "denoise" && event.total > 0) {
      all.done = static_cast<int>(index) * event.total + event.done;
      all.total = static_cast<int>(count) * event.total;
    }
    whole.report(all);
  };
  return part;
}

}  // namespace

Image outpaint_with(const OutpaintRequest& r, const OutpaintPlan& plan, const InputImage& picture,
                    uint64_t seed, const OutpaintPainter& paint) {
  Image canvas(plan.result_width, plan.result_height, 3);
  paste(canvas, to_rgb(picture.image), plan.original.left, plan.original.top);
  for (size_t k = 0; k < plan.passes.size(); ++k) {
    const OutpaintPass& pass = plan.passes[k];
    const uint64_t own_seed = (seed + k) & 0xffffffffull;
    fill_fresh(canvas, pass, r, own_seed);
    const auto seen = [&](const Image& whole) {
      return resize_image(crop(whole, pass.window), pass.width, pass.height, ResizeMode::Stretch);
    };
    const InputImage window{.image = seen(canvas), .name = picture.name, .sha256 = picture.sha256};
    RepaintMask mask;
    mask.hidden_weight = plan.shows_fill ? 0 : 1;
    mask.repaint = seen(repaint_mask_of(r, plan, pass));
    Image made = paint({k, pass, window, mask, own_seed});
    if (r.match_tone) made = match_tone(made, window.image, ring(mask.repaint, kRingPx));
    if (plan.shows_fill)
      made = carry_detail(crop(canvas, pass.window), window.image, made, ResizeMode::Stretch);
    canvas = laid_on(canvas, made, pass, paste_mask_of(r, plan, pass));
  }
  return canvas;
}

std::vector<Img2ImgPicture> run_outpaint(LoadedModel& model, const OutpaintRequest& r,
                                         const OutpaintPlan& plan, const InputImage& picture,
                                         const Img2ImgOptions& options, const Progress& progress) {
  std::vector<Img2ImgPicture> pictures;
  const size_t passes = plan.passes.size(), count = passes * plan.img2img.seeds.size();
  for (size_t index = 0; index < plan.img2img.seeds.size(); ++index) {
    if (options.is_done && options.is_done(index)) continue;
    std::optional<JoinedRuns> memory;  // the passes of a picture ask in one row
    if (options.memory) memory.emplace(*options.memory);
    Img2ImgPicture result;
    result.image =
        outpaint_with(r, plan, picture, plan.img2img.seeds[index], [&](const OutpaintStep& step) {
          Img2ImgRequest base = plan.shows_fill ? only_touched_up(r.base) : r.base;
          base.batch = 1;
          base.width = step.pass.width;
          base.height = step.pass.height;
          base.seed = step.seed;
          base.subseed = plan.img2img.subseeds[index];
          const Img2ImgInputs inputs{
              .picture = &step.picture,
              .mask = &step.mask,
              .part = PartOfPicture{step.pass.window, plan.result_width, plan.result_height},
              .finish = {},
              .facts = outpaint_facts(r)};
          Img2ImgOptions quiet = options;
          quiet.on_picture = nullptr;
          quiet.is_done = nullptr;
          quiet.memory = memory ? &*memory : nullptr;
          if (step.index + index > 0) quiet.trace_dir.reset();
          const Img2ImgPlan one =
              plan_img2img(model, base, &step.picture, step.seed, options.timings);
          auto made = run_img2img(model, base, one, inputs, quiet,
                                  part_of(progress, index * passes + step.index, count));
          result.infotext = made.at(0).infotext;
          return std::move(made.at(0).image);
        });
    result.seed = plan.img2img.seeds[index];
    result.infotext.set("Seed", std::to_string(result.seed));
    result.infotext.set("Pixels SHA-256", pixels_sha256(result.image));
    if (options.on_picture) options.on_picture(index, result);
    pictures.push_back(std::move(result));
  }
  return pictures;
}

}  // namespace pentimento
