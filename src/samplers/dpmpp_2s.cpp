// DPM-Solver++(2S) with ancestral noise (https://arxiv.org/abs/2211.01095, algorithm 1).
// Symbols: lambda = -ln sigma, h the step in lambda, r = 1/2 the place of the middle point.
//   x'  = exp(-r h) x - expm1(-r h) x0(x, sigma)
//   x  <- exp(-h)  x - expm1(-h)  x0(x', sigma exp(-r h));  then noise of deviation sigma_up
// Limitations: two model calls a step; a step down to 0 is Euler's.
#include "samplers/ancestral.h"
#include "samplers/solvers.h"

namespace pentimento {

Vec sample_dpmpp_2s_ancestral(Vec x, std::span<const double> sigmas, const SamplerInputs& in) {
  const size_t steps = sigmas.size() - 1;
  for (size_t i = 0; i < steps; ++i) {
    const double sigma = sigmas[i];
    const Vec x0 = in.denoise(x, sigma);
    const AncestralStep level = ancestral_step(sigma, sigmas[i + 1], *in.options.eta);
    if (level.down == 0) {
      x = x0;  // Euler's step all the way: x - sigma (x - x0) / sigma
    } else {
      const double h = std::log(sigma / level.down), r = 0.5;
      const Vec middle = sum({{std::exp(-r * h), x}, {-std::expm1(-r * h), x0}});
      const Vec x0_middle = in.denoise(middle, sigma * std::exp(-r * h));
      x = sum({{std::exp(-h), x}, {-std::expm1(-h), x0_middle}});
    }
    if (sigmas[i + 1] > 0) x = sum({{1, x}, {in.options.s_noise * level.up, in.noise()}});
    report(in.on_step, i + 1, steps, x0);
  }
  return x;
}

}  // namespace pentimento
