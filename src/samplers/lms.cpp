// LMS: the linear multistep method (Adams-Bashforth on an uneven grid) of order up to four, as in
// k-diffusion; see Liu et al. 2022, https://arxiv.org/abs/2202.09778.
//   x <- x + sum_j c_j d_i-j,   c_j = integral over [sigma_i, sigma_i+1] of the Lagrange basis
// polynomial that is 1 at sigma_i-j and 0 at the other kept points.
// Limitations: unstable for few steps; the first three steps are of lower order.
#include <deque>

#include "samplers/solvers.h"
#include "samplers/vec_ops.h"

namespace pentimento {
namespace {

constexpr size_t kOrder = 4;

// Two Gauss points integrate a cubic, the highest degree here, exactly.
double multistep_coefficient(std::span<const double> sigmas, size_t i, size_t order, size_t j) {
  const auto basis = [&](double tau) {
    double product = 1;
    for (size_t k = 0; k < order; ++k)
      if (k != j) product *= (tau - sigmas[i - k]) / (sigmas[i - j] - sigmas[i - k]);
    return product;
  };
  const double middle = (sigmas[i] + sigmas[i + 1]) / 2, half = (sigmas[i + 1] - sigmas[i]) / 2;
  const double offset = half / std::sqrt(3.0);
  return half * (basis(middle - offset) + basis(middle + offset));
}

}  // namespace

Vec sample_lms(Vec x, std::span<const double> sigmas, const SamplerInputs& in) {
  const size_t steps = sigmas.size() - 1;
  std::deque<Slope> slopes;  // newest first
  for (size_t i = 0; i < steps; ++i) {
    const Vec x0 = in.denoise(x, sigmas[i]);
    slopes.push_front(slope(x, x0, sigmas[i]));
    if (slopes.size() > kOrder) slopes.pop_back();
    for (size_t j = 0; j < slopes.size(); ++j)
      x = sum({{1, x}, {multistep_coefficient(sigmas, i, slopes.size(), j), slopes[j]}});
    report(in.on_step, i + 1, steps, x0);
  }
  return x;
}

}  // namespace pentimento
