// What a network's raw output means: between (network input, timestep, epsilon or v) and the
// solver's (x, sigma, x0). x = x0 + sigma * noise; z = x / sqrt(sigma² + 1) is what networks see.
//   epsilon: x0 = x - sigma * e                                  (https://arxiv.org/abs/2006.11239)
//   v:       x0 = x / (sigma² + 1) - v * sigma / sqrt(sigma² + 1)
//   (https://arxiv.org/abs/2202.00512)
// All maps are affine in the output, so guidance may be applied to raw outputs: same x0.
#pragma once

#include "samplers/sampler.h"

namespace pentimento {

enum class Prediction { Epsilon, V };

double input_scale(double sigma);  // c_in = 1 / sqrt(sigma² + 1)

// x0 from the network's output for input_scale(sigma) * x.
Vec denoised_from_output(Prediction prediction, const Vec& x, const Vec& output, double sigma);

// epsilon from the network's output for z = sqrt(acp) x0 + sqrt(1 - acp) e.
Vec epsilon_from_output(Prediction prediction, const Vec& z, const Vec& output,
                        double alpha_cumprod);

// Latent consistency models (https://arxiv.org/abs/2310.04378) blend their estimate with their
// input, x0' = c_out * x0 + c_skip * x, with sigma_data 0.5 and s = 10 * timestep:
//   c_skip = 0.25 / (s² + 0.25),  c_out = s / sqrt(s² + 0.25)
struct LcmScale {
  double c_skip = 0, c_out = 1;
};
LcmScale lcm_scale(double timestep);
Vec lcm_denoised(const Vec& x, const Vec& x0, double timestep);

}  // namespace pentimento
