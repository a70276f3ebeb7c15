// Between what a network says and what a solver wants.
#include "samplers/parameterization.h"

#include <gtest/gtest.h>

#include "samplers/testing.h"

namespace pentimento {
namespace {

using testing::noise_of;

// A clean latent and its noise, mixed at sigma; what an all-knowing network says about it.
struct Mixture {
  Vec x0 = noise_of(1, 40), noise = noise_of(2, 40), x, z, v;
  double acp;
  explicit Mixture(double sigma) : x(40), z(40), v(40), acp(1 / (sigma * sigma + 1)) {
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = static_cast<float>(x0[i] + sigma * noise[i]);
      z[i] = static_cast<float>(std::sqrt(acp) * x0[i] + std::sqrt(1 - acp) * noise[i]);
      v[i] = static_cast<float>(std::sqrt(acp) * noise[i] - std::sqrt(1 - acp) * x0[i]);
    }
  }
};

void expect_near(const Vec& values, const Vec& expected, double tolerance) {
  ASSERT_EQ(values.size(), expected.size());
  for (size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], expected[i], tolerance);
}

TEST(Parameterization, EpsilonAndVelocityNameTheSameCleanLatent) {
  for (double sigma : {0.03, 0.5, 1.0, 14.6}) {
    const Mixture m(sigma);
    expect_near(denoised_from_output(Prediction::Epsilon, m.x, m.noise, sigma), m.x0, 1e-5);
    expect_near(denoised_from_output(Prediction::V, m.x, m.v, sigma), m.x0, 1e-5);
  }
}

TEST(Parameterization, EpsilonAndVelocityNameTheSameNoise) {
  for (double sigma : {0.03, 0.5, 1.0, 14.6, 4518.0}) {
    const Mixture m(sigma);
    EXPECT_EQ(epsilon_from_output(Prediction::Epsilon, m.z, m.noise, m.acp), m.noise);
    expect_near(epsilon_from_output(Prediction::V, m.z, m.v, m.acp), m.noise, 1e-6);
  }
}

TEST(Parameterization, TheNetworksInputHasUnitVariance) {
  for (double sigma : {0.0, 1.0, 14.6}) {
    const Mixture m(sigma);
    Vec scaled = m.x;
    for (float& value : scaled) value *= static_cast<float>(input_scale(sigma));
    expect_near(scaled, m.z, 1e-6);
  }
}

TEST(Parameterization, LcmScaleIsThePapers) {
  EXPECT_DOUBLE_EQ(lcm_scale(0).c_skip, 1);
  EXPECT_DOUBLE_EQ(lcm_scale(0).c_out, 0);
  EXPECT_NEAR(lcm_scale(19).c_skip, 0.25 / (190.0 * 190.0 + 0.25), 1e-15);
  EXPECT_NEAR(lcm_scale(999).c_out, 9990 / std::sqrt(9990.0 * 9990.0 + 0.25), 1e-15);
  const Vec x = {2}, x0 = {4};
  EXPECT_FLOAT_EQ(lcm_denoised(x, x0, 0.05)[0], 4 * std::sqrt(0.5f) + 2 * 0.5f);  // s = 0.5
}

}  // namespace
}  // namespace pentimento
