// SDE-DPM-Solver++(2M) (https://arxiv.org/abs/2211.01095, section 5), in two forms of its second-
// order term, "midpoint" and "heun".
// Symbols: h = ln(sigma_i / sigma_i+1), k = h (1 + eta), r = h_last / h, w Brownian noise.
//   x <- sigma_i+1/sigma_i exp(-eta h) x - expm1(-k) x0
//   midpoint:  x += -expm1(-k) / 2                (x0 - x0_last) / r
//   heun:      x += (1 - -expm1(-k) / k)          (x0 - x0_last) / r
//   x += sigma_i+1 sqrt(-expm1(-2 eta h)) w(sigma_i, sigma_i+1)
// Limitations: the last step, down to 0, is x0 itself.
#include "samplers/solvers.h"
#include "samplers/vec_ops.h"

namespace pentimento {
namespace {

enum class SecondOrder { Midpoint, Heun };

Vec solve(Vec x, std::span<const double> sigmas, const SamplerInputs& in, SecondOrder form) {
  const size_t steps = sigmas.size() - 1;
  const double eta = *in.options.eta;
  Vec last_x0;
  double last_h = 0;
  for (size_t i = 0; i < steps; ++i) {
    const double sigma = sigmas[i], next = sigmas[i + 1];
    Vec x0 = in.denoise(x, sigma);
    if (next == 0) {
      x = x0;
    } else {
      const double h = std::log(sigma / next), k = h * (1 + eta), gain = -std::expm1(-k);
      x = sum({{next / sigma * std::exp(-eta * h), x}, {gain, x0}});
      if (!last_x0.empty()) {
        const double r = last_h / h;
        const double c = (form == SecondOrder::Heun ? 1 - gain / k : gain / 2) / r;
        x = sum({{1, x}, {c, x0}, {-c, last_x0}});
      }
      if (eta != 0) {
        const double deviation = next * std::sqrt(-std::expm1(-2 * eta * h));
        x = sum({{1, x}, {in.options.s_noise * deviation, in.brownian(sigma, next)}});
      }
      last_h = h;
    }
    report(in.on_step, i + 1, steps, x0);
    last_x0 = std::move(x0);
  }
  return x;
}

}  // namespace

Vec sample_dpmpp_2m_sde(Vec x, std::span<const double> sigmas, const SamplerInputs& in) {
  return solve(std::move(x), sigmas, in, SecondOrder::Midpoint);
}

Vec sample_dpmpp_2m_sde_heun(Vec x, std::span<const double> sigmas, const SamplerInputs& in) {
  return solve(std::move(x), sigmas, in, SecondOrder::Heun);
}

}  // namespace pentimento
