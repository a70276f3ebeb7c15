// Heun's method, algorithm 2 of Karras et al. 2022 (https://arxiv.org/abs/2206.00364): an Euler
// step, then the same step with the mean of the slopes at both ends.
//   d = slope(x, sigma);  x' = x + h d;  x <- x + h (d + slope(x', sigma_next)) / 2,
// h = sigma_next - sigma. The last step, down to 0, stays Euler's: there is no slope at 0.
// Limitations: two model calls a step.
#include "samplers/ancestral.h"
#include "samplers/solvers.h"

namespace pentimento {

Vec sample_heun(Vec x, std::span<const double> sigmas, const SamplerInputs& in) {
  const size_t steps = sigmas.size() - 1;
  for (size_t i = 0; i < steps; ++i) {
    const double sigma = churn(x, sigmas, i, in), next = sigmas[i + 1], h = next - sigma;
    const Vec x0 = in.denoise(x, sigma);
    const Slope d = slope(x, x0, sigma);
    const Vec end = sum({{1, x}, {h, d}});
    if (next == 0) {
      x = end;
    } else {
      const Slope d_end = slope(end, in.denoise(end, next), next);
      x = sum({{1, x}, {h / 2, d}, {h / 2, d_end}});
    }
    report(in.on_step, i + 1, steps, x0);
  }
  return x;
}

}  // namespace pentimento
