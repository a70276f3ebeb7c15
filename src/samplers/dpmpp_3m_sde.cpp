// SDE-DPM-Solver++(3M), k-diffusion's extension of https://arxiv.org/abs/2211.01095 to third
// order: a quadratic in lambda = -ln sigma through the model's last three answers.
// Symbols: h = step in lambda, k = h (1 + eta), h1, h2 the two steps before, r0 = h1/h, r1 = h2/h.
//   D10 = (x0 - x0_1) / r0;  D11 = (x0_1 - x0_2) / r1
//   D1  = D10 + (D10 - D11) r0 / (r0 + r1);  D2 = (D10 - D11) / (r0 + r1)
//   phi2 = expm1(-k)/k + 1;  phi3 = phi2/k - 1/2
//   x <- exp(-k) x - expm1(-k) x0 + phi2 D1 - phi3 D2 + sigma_next sqrt(-expm1(-2 eta h)) w
// Limitations: the first steps are of first and second order; the last, down to 0, is x0 itself.
#include "samplers/solvers.h"
#include "samplers/vec_ops.h"

namespace pentimento {

Vec sample_dpmpp_3m_sde(Vec x, std::span<const double> sigmas, const SamplerInputs& in) {
  const size_t steps = sigmas.size() - 1;
  const double eta = *in.options.eta;
  Vec x0_1, x0_2;
  double h1 = 0, h2 = 0;
  for (size_t i = 0; i < steps; ++i) {
    const double sigma = sigmas[i], next = sigmas[i + 1];
    Vec x0 = in.denoise(x, sigma);
    if (next == 0) {
      x = x0;
    } else {
      const double h = std::log(sigma / next), k = h * (1 + eta);
      x = sum({{std::exp(-k), x}, {-std::expm1(-k), x0}});
      const double phi2 = std::expm1(-k) / k + 1, phi3 = phi2 / k - 0.5;
      if (h2 != 0) {
        const double r0 = h1 / h, r1 = h2 / h;
        const Vec d10 = sum({{1 / r0, x0}, {-1 / r0, x0_1}});
        const Vec d11 = sum({{1 / r1, x0_1}, {-1 / r1, x0_2}});
        const double bend = 1 / (r0 + r1);
        const Vec d1 = sum({{1 + r0 * bend, d10}, {-r0 * bend, d11}});
        const Vec d2 = sum({{bend, d10}, {-bend, d11}});
        x = sum({{1, x}, {phi2, d1}, {-phi3, d2}});
      } else if (h1 != 0) {
        const double r = h1 / h;
        x = sum({{1, x}, {phi2 / r, x0}, {-phi2 / r, x0_1}});
      }
      if (eta != 0) {
        const double deviation = next * std::sqrt(-std::expm1(-2 * eta * h));
        x = sum({{1, x}, {in.options.s_noise * deviation, in.brownian(sigma, next)}});
      }
      h2 = h1;
      h1 = h;
    }
    report(in.on_step, i + 1, steps, x0);
    x0_2 = std::move(x0_1);
    x0_1 = std::move(x0);
  }
  return x;
}

}  // namespace pentimento
