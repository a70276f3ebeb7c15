// Resolving a request: what will really run, how large, how long.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/error.h"
#include "pipelines/img2img.h"
#include "pipelines/loras.h"
#include "pipelines/memory_available.h"
#include "pipelines/picture_size.h"

namespace pentimento {
namespace {

PictureSize chosen_size(const Img2ImgRequest& request, const InputImage* input, int native) {
  if (request.width && request.height) return {request.width, request.height};
  const double aspect = input ? double(input->image.width) / input->image.height : 1.0;
  const PictureSize natural = size_for(aspect, native, native);
  const auto scaled = [](int given, int to, int of) {
    return std::clamp(static_cast<int>(std::lround(double(given) * to / of / 8)) * 8, 16, 8192);
  };
  if (request.width) return {request.width, scaled(request.width, natural.height, natural.width)};
  if (request.height)
    return {scaled(request.height, natural.width, natural.height), request.height};
  return natural;
}

SamplingPlan sampling_plan(const LoadedModel& model, const Img2ImgRequest& r, bool from_picture) {
  const ModelConfig& config = model.config();
  const std::string usual = config.distilled ? "LCM" : "DPM++ 2M";
  return plan_sampling(resolve_sampler_name(r.sampler.empty() ? usual : r.sampler, r.scheduler),
                       r.steps.value_or(config.default_steps),
                       from_picture ? std::optional(r.strength) : std::nullopt, model.table,
                       {.fix_steps = r.fix_steps,
                        .schedule = {.sigma_min = r.sigma_min,
                                     .sigma_max = r.sigma_max,
                                     .rho = r.rho,
                                     .sdxl = config.family == Family::SDXL}});
}

}  // namespace

void check_memory(const Img2ImgPlan& plan, uint64_t available) {
  if (available == 0 || plan.memory_bytes <= available) return;
  char text[256];
  std::snprintf(
      text, sizeof text,
      "%dx%d needs about %.1f GB of memory and %.1f GB are free; ask for a smaller --width and "
      "--height, or close other programs",
      plan.width, plan.height, static_cast<double>(plan.memory_bytes) / 1e9,
      static_cast<double>(available) / 1e9);
  throw Error(ErrorKind::OutOfMemory, text);
}

std::string Img2ImgPlan::describe() const {
  char text[160];
  if (from_picture)
    std::snprintf(text, sizeof text, "strength %.2f: runs %d of %d steps at %dx%d", strength,
                  sampling.steps, steps, width, height);
  else
    std::snprintf(text, sizeof text, "runs %d steps at %dx%d", sampling.steps, width, height);
  std::string line = text;
  if (seeds.size() > 1) line += ", " + std::to_string(seeds.size()) + " pictures";
  if (seconds) {
    std::snprintf(text, sizeof text, *seconds < 10 ? ", about %.1f s" : ", about %.0f s", *seconds);
    line += text;
  }
  return line;
}

Img2ImgPlan plan_img2img(const LoadedModel& model, const Img2ImgRequest& request,
                         const InputImage* input, uint64_t random_seed, const Timings* timings) {
  validate(request);
  check_loras(model, request.prompt);
  const ModelConfig& config = model.config();
  Img2ImgPlan plan;
  const PictureSize size = chosen_size(request, input, config.native_size_px);
  plan.width = size.width;
  plan.height = size.height;
  plan.from_picture = input != nullptr;
  plan.strength = input ? request.strength : 1.0;
  plan.cfg = request.cfg.value_or(config.default_cfg);
  plan.sampling = sampling_plan(model, request, input != nullptr);
  const SamplingPlan& sampling = plan.sampling;
  plan.steps = sampling.schedule_steps;
  plan.model_calls = sampling.model_calls;
  plan.sampler = sampling.sampler->name;
  plan.scheduler = sampling.scheduler;
  const uint64_t seed = request.seed.value_or(random_seed),
                 subseed = request.subseed.value_or(random_seed);
  for (int k = 0; k < request.batch; ++k) {
    plan.seeds.push_back(request.subseed_strength > 0 ? seed : seed + static_cast<uint64_t>(k));
    plan.subseeds.push_back(subseed + static_cast<uint64_t>(k));
  }
  plan.memory_bytes = model.networks->estimate_bytes(plan.width, plan.height);
  check_memory(plan, memory_available_to(*model.networks));
  const double pixels = static_cast<double>(plan.width) * plan.height;
  if (timings) {
    const double branches = plan.cfg == 1.0 ? 1 : 2;
    const auto call = timings->seconds(model.timing_key("unet"), pixels * branches);
    const auto codec = timings->seconds(model.timing_key("decode"), pixels);
    if (call && codec)
      plan.seconds = request.batch * (plan.model_calls * *call + *codec) + (input ? *codec / 2 : 0);
  }
  return plan;
}

}  // namespace pentimento
