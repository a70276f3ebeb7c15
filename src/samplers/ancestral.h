// Two devices shared by the stochastic solvers.
#pragma once

#include <algorithm>
#include <numbers>

#include "samplers/vec_ops.h"

namespace pentimento {

// An ancestral step solves down to sigma_down, below its goal, then adds noise of deviation
// sigma_up, so that the levels add up: sigma_down² + sigma_up² = sigma_to². eta 0 = no noise.
struct AncestralStep {
  double down = 0, up = 0;
};
inline AncestralStep ancestral_step(double from, double to, double eta) {
  if (eta == 0) return {to, 0};
  const double variance = square(to) * (square(from) - square(to)) / square(from);
  const double up = std::min(to, eta * std::sqrt(std::max(variance, 0.0)));
  return {std::sqrt(square(to) - square(up)), up};
}

// Karras et al. 2022, algorithm 2: within [s_tmin, s_tmax] raise the noise level by the factor
// 1 + gamma, gamma = min(s_churn / N, sqrt(2) - 1), before the step. Returns the raised level.
// A draw is made for every step, used or not, as k-diffusion does.
inline double churn(Vec& x, std::span<const double> sigmas, size_t i, const SamplerInputs& in) {
  const SamplerOptions& o = in.options;
  const double sigma = sigmas[i];
  if (o.s_churn == 0) return sigma;
  const Vec noise = in.noise();
  const bool inside = o.s_tmin <= sigma && (o.s_tmax == 0 || sigma <= o.s_tmax);
  if (!inside) return sigma;
  const double gamma =
      std::min(o.s_churn / static_cast<double>(sigmas.size() - 1), std::numbers::sqrt2 - 1);
  const double raised = sigma * (gamma + 1);
  x = sum({{1, x}, {o.s_noise * std::sqrt(square(raised) - square(sigma)), noise}});
  return raised;
}

}  // namespace pentimento
