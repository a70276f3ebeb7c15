#include "pipelines/hires.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "image/composite.h"
#include "pipelines/latent_resize.h"
#include "pipelines/problems.h"

namespace pentimento {
namespace {

int to_grid(double px) { return std::max(8, static_cast<int>(px) / 8 * 8); }

struct Target {
  int width, height;                    // of the result
  int enlarged_width, enlarged_height;  // covers it
};

Target target_of(const HiresRequest& r, int width, int height) {
  if (r.width == 0 && r.height == 0)
    return {to_grid(width * r.scale), to_grid(height * r.scale), to_grid(width * r.scale),
            to_grid(height * r.scale)};
  const int w = r.width ? r.width : r.height * width / height;
  const int h = r.height ? r.height : r.width * height / width;
  if (r.width == 0 || r.height == 0) return {to_grid(w), to_grid(h), to_grid(w), to_grid(h)};
  const bool by_width = static_cast<int64_t>(width) * h < static_cast<int64_t>(height) * w;
  const int full_width = by_width ? w : h * width / height;
  const int full_height = by_width ? w * height / width : h;
  return {to_grid(w), to_grid(h), to_grid(full_width), to_grid(full_height)};
}

Img2ImgRequest second_request(const HiresRequest& r, const Target& target, int first_steps) {
  Img2ImgRequest second = r.base;
  second.width = target.width;
  second.height = target.height;
  second.strength = r.strength;
  second.fix_steps = true;
  second.steps = r.steps ? r.steps : first_steps;
  if (!r.sampler.empty()) second.sampler = r.sampler;
  if (!r.scheduler.empty()) second.scheduler = r.scheduler;
  if (!r.prompt.empty()) second.prompt = r.prompt;
  if (!r.negative_prompt.empty()) second.negative_prompt = r.negative_prompt;
  return second;
}

// What hangs over is cut evenly, a little less in front.
Tensor cut_latent(const Tensor& latent, int height, int width) {
  const int dy = (static_cast<int>(latent.dim(2)) - height) / 2,
            dx = (static_cast<int>(latent.dim(3)) - width) / 2;
  Tensor cut({latent.dim(0), latent.dim(1), height, width});
  float* out = cut.data.data();
  for (int64_t plane = 0; plane < latent.dim(0) * latent.dim(1); ++plane)
    for (int y = 0; y < height; ++y) {
      const float* row = latent.data.data() + (plane * latent.dim(2) + y + dy) * latent.dim(3) + dx;
      out = std::copy(row, row + width, out);
    }
  return cut;
}

Image cut_picture(const Image& image, int width, int height) {
  if (image.width == width && image.height == height) return image;
  const int dx = (image.width - width) / 2, dy = (image.height - height) / 2;
  return crop(image, {dx, dy, dx + width, dy + height});
}

Image enlarged(const Image& picture, const HiresRequest& r, const HiresPlan& plan,
               const Enlarge& enlarge) {
  const int width = plan.enlarged_width, height = plan.enlarged_height;
  if (r.upscaler == "None" || r.upscaler == "Lanczos")
    return resize(picture, width, height, Filter::Lanczos);
  if (r.upscaler == "Nearest") return resize(picture, width, height, Filter::Nearest);
  if (enlarge) return enlarge(picture, width, height, r.upscaler);
  throw Error(ErrorKind::NotFound, "could not find upscaler named " + r.upscaler);
}

void describe_passes(Infotext& info, const HiresRequest& r, const HiresPlan& plan) {
  info.set("Size", std::to_string(plan.first.width) + "x" + std::to_string(plan.first.height));
  char scale[32];
  std::snprintf(scale, sizeof scale, "%g", r.scale);
  if (r.width == 0 && r.height == 0)
    info.set("Hires upscale", scale);
  else
    info.set("Hires resize", std::to_string(r.width) + "x" + std::to_string(r.height));
  if (r.steps) info.set("Hires steps", std::to_string(r.steps));
  info.set("Hires upscaler", r.upscaler);
  if (!r.sampler.empty()) info.set("Hires sampler", r.sampler);
  if (!r.scheduler.empty()) info.set("Hires schedule type", r.scheduler);
  if (!r.prompt.empty()) info.set("Hires prompt", r.prompt);
  if (!r.negative_prompt.empty()) info.set("Hires negative prompt", r.negative_prompt);
}

// One of two passes, told as a part of both.
Progress pass_of(const Progress& progress, int before, int all) {
  Progress part = progress;
  part.report = [&progress, before, all](const ProgressEvent& event) {
    ProgressEvent told = event;
    if (event.stage == "denoise") {
      told.done += before;
      told.total = all;
    }
    progress.report(told);
  };
  return part;
}

// Everything the pictures of a batch share.
struct Run {
  LoadedModel& model;
  const HiresRequest& request;
  const HiresPlan& plan;
  const Enlarge& enlarge;
  const Img2ImgOptions& options;  // of one pass
  const Progress& progress;
  int all_calls() const { return plan.first.model_calls + plan.second.model_calls; }
};

// What the second pass begins with: a picture of its size, and its latent if that was enlarged.
struct Start {
  InputImage picture;
  Tensor latent;
};

Start first_pass(const Run& run, const HiresRequest& single) {
  const HiresPlan& plan = run.plan;
  const Img2ImgPlan first =
      plan_img2img(run.model, single.base, nullptr, *single.base.seed, run.options.timings);
  Tensor latent;
  Img2ImgInputs inputs;
  inputs.finish = [&](Image image, const FinishedLatents& latents) {
    latent = latents.latent;
    return image;
  };
  const auto small = run_img2img(run.model, single.base, first, inputs, run.options,
                                 pass_of(run.progress, 0, run.all_calls()));
  const int width = plan.second.width, height = plan.second.height;
  Start start;
  if (!is_latent_resize_mode(single.upscaler)) {
    start.picture.image =
        cut_picture(enlarged(small[0].image, single, plan, run.enlarge), width, height);
    return start;
  }
  const int factor = run.model.config().vae.scale_factor;
  start.latent = cut_latent(resize_latent(latent, plan.enlarged_height / factor,
                                          plan.enlarged_width / factor, single.upscaler),
                            height / factor, width / factor);
  start.picture.image = resize(small[0].image, width, height, Filter::Bilinear);
  return start;
}

Img2ImgPicture both_passes(const Run& run, size_t index) {
  HiresRequest single = run.request;
  single.base.batch = 1;
  single.base.seed = run.plan.first.seeds[index];
  single.base.subseed = run.plan.first.subseeds[index];
  const Start start = first_pass(run, single);
  const Target target{run.plan.second.width, run.plan.second.height, run.plan.enlarged_width,
                      run.plan.enlarged_height};
  const Img2ImgRequest second = second_request(single, target, run.plan.first.steps);
  const Img2ImgPlan plan =
      plan_img2img(run.model, second, &start.picture, *single.base.seed, run.options.timings);
  const Img2ImgInputs inputs{.picture = &start.picture,
                             .latent = start.latent.empty() ? nullptr : &start.latent};
  auto made = run_img2img(run.model, second, plan, inputs, run.options,
                          pass_of(run.progress, run.plan.first.model_calls, run.all_calls()));
  describe_passes(made[0].infotext, run.request, run.plan);
  made[0].infotext.prompt = run.request.base.prompt;
  made[0].infotext.negative_prompt = run.request.base.negative_prompt;
  return std::move(made[0]);
}

}  // namespace

std::vector<std::string> problems_of(const HiresRequest& r) {
  Problems problems(problems_of(r.base));
  problems.range("hires scale", r.scale, 1.0, 8.0);
  problems.range("hires strength", r.strength, 0.0, 1.0);
  problems.range("hires steps", r.steps, 0, 1000);
  for (const auto& [name, value] : {std::pair{"hires width", r.width}, {"hires height", r.height}})
    problems.range(name, value, 0, 8192);
  problems.text("hires prompt", r.prompt);
  problems.text("hires negative prompt", r.negative_prompt);
  if (!r.sampler.empty() || !r.scheduler.empty())
    problems.known([&] { resolve_sampler_name(r.sampler, r.scheduler); });
  return problems.take();
}

void validate(const HiresRequest& request) { refuse(problems_of(request)); }

HiresPlan plan_hires(const LoadedModel& model, const HiresRequest& r, uint64_t random_seed,
                     const Timings* timings) {
  validate(r);
  HiresPlan plan;
  plan.first = plan_img2img(model, r.base, nullptr, random_seed, timings);
  const Target target = target_of(r, plan.first.width, plan.first.height);
  plan.enlarged_width = target.enlarged_width;
  plan.enlarged_height = target.enlarged_height;
  const InputImage canvas{.image = Image(target.width, target.height, 3)};
  plan.second = plan_img2img(model, second_request(r, target, plan.first.steps), &canvas,
                             plan.first.seeds.at(0), timings);
  return plan;
}

std::string HiresPlan::describe() const {
  return "first " + first.describe() + "; then " + second.describe();
}

std::vector<Img2ImgPicture> run_hires(LoadedModel& model, const HiresRequest& r,
                                      const HiresPlan& plan, const Enlarge& enlarge,
                                      const Img2ImgOptions& options, const Progress& progress) {
  std::vector<Img2ImgPicture> pictures;
  for (size_t index = 0; index < plan.first.seeds.size(); ++index) {
    if (options.is_done && options.is_done(index)) continue;
    std::optional<JoinedRuns> memory;
    if (options.memory) memory.emplace(*options.memory);
    Img2ImgOptions pass = options;
    pass.memory = memory ? &*memory : nullptr;
    pass.is_done = {};
    pass.on_picture = {};
    pictures.push_back(both_passes({model, r, plan, enlarge, pass, progress}, index));
    if (options.on_picture) options.on_picture(index, pictures.back());
  }
  return pictures;
}

}  // namespace pentimento
