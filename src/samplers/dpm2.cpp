// DPM2: the midpoint method with its middle at the geometric mean of the noise levels, after
// DPM-Solver-2 (https://arxiv.org/abs/2206.00927) and Karras et al. 2022, algorithm 2; DPM2 a, the
// same with ancestral noise (ancestral.h).
//   m = sqrt(sigma sigma_next);  x' = x + (m - sigma) slope(x, sigma)
//   x <- x + (sigma_next - sigma) slope(x', m)
// Limitations: two model calls a step; the last step, down to 0, is Euler's.
#include "samplers/ancestral.h"
#include "samplers/solvers.h"

namespace pentimento {
namespace {

// One step from sigma to `to`, given x0 = denoise(x, sigma).
Vec midpoint_step(const Vec& x, const Vec& x0, double sigma, double to, const Denoiser& denoise) {
  const Slope d = slope(x, x0, sigma);
  if (to == 0) return sum({{1, x}, {-sigma, d}});
  const double middle = std::sqrt(sigma * to);
  const Vec x_middle = sum({{1, x}, {middle - sigma, d}});
  const Slope d_middle = slope(x_middle, denoise(x_middle, middle), middle);
  return sum({{1, x}, {to - sigma, d_middle}});
}

}  // namespace

Vec sample_dpm2(Vec x, std::span<const double> sigmas, const SamplerInputs& in) {
  const size_t steps = sigmas.size() - 1;
  for (size_t i = 0; i < steps; ++i) {
    const double sigma = churn(x, sigmas, i, in);
    const Vec x0 = in.denoise(x, sigma);
    x = midpoint_step(x, x0, sigma, sigmas[i + 1], in.denoise);
    report(in.on_step, i + 1, steps, x0);
  }
  return x;
}

Vec sample_dpm2_ancestral(Vec x, std::span<const double> sigmas, const SamplerInputs& in) {
  const size_t steps = sigmas.size() - 1;
  for (size_t i = 0; i < steps; ++i) {
    const Vec x0 = in.denoise(x, sigmas[i]);
    const AncestralStep level = ancestral_step(sigmas[i], sigmas[i + 1], *in.options.eta);
    x = midpoint_step(x, x0, sigmas[i], level.down, in.denoise);
    if (level.down != 0) x = sum({{1, x}, {in.options.s_noise * level.up, in.noise()}});
    report(in.on_step, i + 1, steps, x0);
  }
  return x;
}

}  // namespace pentimento
