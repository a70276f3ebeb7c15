// Euler's method for the probability-flow ODE of Karras et al. 2022
// (https://arxiv.org/abs/2206.00364), and its ancestral variant, which is DDPM's random walk.
//   d = (x - x0(x, sigma)) / sigma;   x <- x + (sigma_next - sigma) d
// Euler: with s_churn > 0 every step first raises the noise level (their algorithm 2).
// Euler a: solves down to sigma_down, then adds noise of deviation sigma_up (ancestral.h).
// Limitations: first order. Euler a does not converge: more steps give another picture.
#include "samplers/ancestral.h"
#include "samplers/solvers.h"

namespace pentimento {

Vec sample_euler(Vec x, std::span<const double> sigmas, const SamplerInputs& in) {
  const size_t steps = sigmas.size() - 1;
  for (size_t i = 0; i < steps; ++i) {
    const double sigma = churn(x, sigmas, i, in);
    const Vec x0 = in.denoise(x, sigma);
    x = sum({{1, x}, {sigmas[i + 1] - sigma, slope(x, x0, sigma)}});
    report(in.on_step, i + 1, steps, x0);
  }
  return x;
}

Vec sample_euler_ancestral(Vec x, std::span<const double> sigmas, const SamplerInputs& in) {
  const size_t steps = sigmas.size() - 1;
  for (size_t i = 0; i < steps; ++i) {
    const Vec x0 = in.denoise(x, sigmas[i]);
    const AncestralStep level = ancestral_step(sigmas[i], sigmas[i + 1], *in.options.eta);
    x = sum({{1, x}, {level.down - sigmas[i], slope(x, x0, sigmas[i])}});
    if (sigmas[i + 1] > 0) x = sum({{1, x}, {level.up, in.noise()}});
    report(in.on_step, i + 1, steps, x0);
  }
  return x;
}

}  // namespace pentimento
