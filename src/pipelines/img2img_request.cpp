#include "pipelines/img2img_request.h"

#include "pipelines/problems.h"
#include "samplers/sampler.h"
#include "samplers/schedule.h"

namespace pentimento {
std::vector<std::string> problems_of(const Img2ImgRequest& r) {
  Problems problems;
  problems.text("prompt", r.prompt);
  problems.text("negative prompt", r.negative_prompt);
  problems.range("strength", r.strength, 0.0, 1.0);
  if (r.steps) problems.range("steps", *r.steps, 1, 1000);
  if (r.cfg) problems.range("cfg", *r.cfg, 0.0, 100.0);
  problems.range("image cfg", r.image_cfg, 0.0, 100.0);
  problems.size("width", r.width);
  problems.size("height", r.height);
  problems.range("batch", r.batch, 1, 100);
  if (r.seed) problems.range<uint64_t>("seed", *r.seed, 0, 4294967295ull);
  if (r.subseed) problems.range<uint64_t>("variation seed", *r.subseed, 0, 4294967295ull);
  problems.range("variation strength", r.subseed_strength, 0.0, 1.0);
  problems.range("clip skip", r.clip_skip.value_or(1), 1, 12);
  if (r.eta) problems.range("eta", *r.eta, 0.0, 1.0);
  problems.range("s_churn", r.s_churn, 0.0, 100.0);
  problems.range("s_tmin", r.s_tmin, 0.0, 1000.0);
  problems.range("s_tmax", r.s_tmax, 0.0, 1000.0);
  problems.range("s_noise", r.s_noise, 0.0, 2.0);
  problems.range("sigma min", r.sigma_min, 0.0, 1000.0);
  problems.range("sigma max", r.sigma_max, 0.0, 1000.0);
  problems.range("rho", r.rho, 0.0, 100.0);
  problems.range("noise multiplier", r.initial_noise_multiplier, 0.0, 1.5);
  problems.range("extra noise", r.extra_noise, 0.0, 1.0);
  problems.known(
      [&] { resolve_sampler_name(r.sampler.empty() ? "DPM++ 2M" : r.sampler, r.scheduler); });
  return problems.take();
}

void validate(const Img2ImgRequest& request) { refuse(problems_of(request)); }

}  // namespace pentimento
