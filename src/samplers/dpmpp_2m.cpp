// DPM-Solver++(2M), algorithm 2 of https://arxiv.org/abs/2211.01095: second order from the model's
// last two answers, one call a step.
// Symbols: lambda = -ln sigma, h_i = lambda_i+1 - lambda_i, r = h_i-1 / h_i.
//   D  = (1 + 1/(2r)) x0_i - 1/(2r) x0_i-1      (first step and last: D = x0_i)
//   x <- sigma_i+1 / sigma_i x - expm1(-h) D
// Limitations: deterministic; the first step is first order.
#include "samplers/solvers.h"
#include "samplers/vec_ops.h"

namespace pentimento {

Vec sample_dpmpp_2m(Vec x, std::span<const double> sigmas, const SamplerInputs& in) {
  const size_t steps = sigmas.size() - 1;
  Vec last_x0;
  for (size_t i = 0; i < steps; ++i) {
    Vec x0 = in.denoise(x, sigmas[i]);
    if (sigmas[i + 1] == 0) {
      x = x0;  // h is infinite
    } else {
      const double h = std::log(sigmas[i] / sigmas[i + 1]);
      const double decay = sigmas[i + 1] / sigmas[i], gain = -std::expm1(-h);
      if (last_x0.empty()) {
        x = sum({{decay, x}, {gain, x0}});
      } else {
        const double r = std::log(sigmas[i - 1] / sigmas[i]) / h;
        x = sum({{decay, x}, {gain * (1 + 1 / (2 * r)), x0}, {-gain / (2 * r), last_x0}});
      }
    }
    report(in.on_step, i + 1, steps, x0);
    last_x0 = std::move(x0);
  }
  return x;
}

}  // namespace pentimento
