// Strategic stochastic sampling of trajectory consistency distillation
// (https://arxiv.org/abs/2402.19159, algorithm 4), the numbers of diffusers' TCDScheduler.
// Symbols: gamma (eta here) 0..1, t' the next timestep, s = floor((1 - gamma) t') <= t'.
//   e = (x - x0) / sigma;   x_s = x0 + sigma_s e;   x <- x_s + sqrt(sigma_t'² - sigma_s²) z
// that is: solve down to s, below the goal, and add noise back up to t'. The last step goes to
// s = t' = 0, adds no noise and leaves the latent scaled by sqrt(acp_0), as diffusers does.
// Limitations: for models distilled as TCD (or with a TCD LoRA).
#include <algorithm>

#include "base/error.h"
#include "samplers/solvers.h"
#include "samplers/vec_ops.h"

namespace pentimento {
namespace {

constexpr int kOriginalSteps = 50;

}  // namespace

std::vector<double> tcd_schedule(int steps, const NoiseTable& table) {
  if (steps < 1 || steps > kOriginalSteps)
    throw Error(ErrorKind::InvalidArgument,
                "TCD with its own schedule has " + std::to_string(kOriginalSteps) +
                    " noise levels, found a schedule of " + std::to_string(steps) +
                    " steps; take fewer steps or name a schedule");
  const int size = static_cast<int>(table.sigmas().size());
  const int original = std::min(kOriginalSteps, size), stride = size / original;
  std::vector<double> sigmas;
  for (int i = 0; i < steps; ++i) {
    const int index = original - 1 - original * i / steps;
    sigmas.push_back(table.sigmas()[static_cast<size_t>((index + 1) * stride - 1)]);
  }
  sigmas.push_back(0);
  return sigmas;
}

Vec sample_tcd(Vec x, std::span<const double> sigmas, const SamplerInputs& in) {
  const size_t steps = sigmas.size() - 1;
  const float keep = static_cast<float>(1 - *in.options.eta);
  for (size_t i = 0; i < steps; ++i) {
    const double next = sigmas[i + 1];
    const Vec x0 = in.denoise(x, sigmas[i]);
    const Slope e = slope(x, x0, sigmas[i]);
    if (next > 0) {
      const float t_next = static_cast<float>(in.table->timestep_of(next));
      const double sigma_s = in.table->sigmas()[static_cast<size_t>(keep * t_next)];
      const double up = std::sqrt(std::max(square(next) - square(sigma_s), 0.0));
      x = sum({{1, x0}, {sigma_s, e}});
      if (*in.options.eta > 0) x = sum({{1, x}, {up, in.noise()}});
    } else {
      const double acp = in.table->alphas_cumprod().front();
      x = sum({{std::sqrt(acp), x0}, {std::sqrt(1 - acp), e}});
    }
    report(in.on_step, i + 1, steps, x0);
  }
  return x;
}

}  // namespace pentimento
