#include "samplers/parameterization.h"

#include "samplers/vec_ops.h"

namespace pentimento {

double input_scale(double sigma) { return 1 / std::sqrt(square(sigma) + 1); }

Vec denoised_from_output(Prediction prediction, const Vec& x, const Vec& output, double sigma) {
  if (prediction == Prediction::Epsilon) return sum({{1, x}, {-sigma, output}});
  const double c_in = input_scale(sigma);
  return sum({{square(c_in), x}, {-sigma * c_in, output}});
}

Vec epsilon_from_output(Prediction prediction, const Vec& z, const Vec& output,
                        double alpha_cumprod) {
  if (prediction == Prediction::Epsilon) return output;
  return sum({{std::sqrt(1 - alpha_cumprod), z}, {std::sqrt(alpha_cumprod), output}});
}

LcmScale lcm_scale(double timestep) {
  constexpr double kSigmaData = 0.5, kTimestepScale = 10;
  const double s = kTimestepScale * timestep, total = square(s) + square(kSigmaData);
  return {.c_skip = square(kSigmaData) / total, .c_out = s / std::sqrt(total)};
}

Vec lcm_denoised(const Vec& x, const Vec& x0, double timestep) {
  const LcmScale scale = lcm_scale(timestep);
  return sum({{scale.c_out, x0}, {scale.c_skip, x}});
}

}  // namespace pentimento
