// Shared by the samplers' tests: a small denoiser, and what an Error said.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "base/error.h"
#include "samplers/sampling_plan.h"
#include "support/refusal.h"

namespace pentimento::testing {

inline NoiseTable sd_table() { return NoiseTable(0.00085, 0.012, "scaled_linear", 1000, false); }

// The exact denoiser of data that is all one latent, `truth`: every solver must end there.
inline Denoiser towards(Vec truth) {
  return [truth](const Vec&, double) { return truth; };
}

// The same as a network: epsilon = (x - truth) / sigma for its input z = x / sqrt(sigma² + 1).
inline Network network_towards(Vec truth, const NoiseTable& table) {
  return [truth = std::move(truth), &table](const Vec& z, double t) {
    const double sigma = table.sigma_of(t);
    Vec epsilon(z.size());
    for (size_t i = 0; i < z.size(); ++i)
      epsilon[i] = static_cast<float>((z[i] * std::sqrt(sigma * sigma + 1) - truth[i]) / sigma);
    return epsilon;
  };
}

inline Vec noise_of(uint64_t seed, int64_t count) {
  return make_generator(RngSource::Cpu, seed)->randn(count);
}

}  // namespace pentimento::testing
