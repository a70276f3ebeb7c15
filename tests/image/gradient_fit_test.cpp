#include "image/gradient_fit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace pentimento {
namespace {

// A picture [x, y] -> level, asked for in a hole of 40 x 40 in the middle of 64 x 64, where `given`
// stands instead.
template <typename Wanted, typename Given>
GradientProblem problem(Wanted wanted, Given given) {
  GradientProblem p;
  p.width = p.height = 64;
  p.free.resize(64 * 64);
  p.colours.resize(64 * 64 * 4);
  p.right.resize(p.colours.size());
  p.down.resize(p.colours.size());
  for (int y = 0; y < 64; ++y)
    for (int x = 0; x < 64; ++x) {
      const auto i = static_cast<size_t>(y * 64 + x);
      p.free[i] = x >= 12 && x < 52 && y >= 12 && y < 52;
      std::fill_n(&p.colours[i * 4], 3, p.free[i] ? given(x, y) : wanted(x, y));
      std::fill_n(&p.right[i * 4], 3, wanted(x + 1, y) - wanted(x, y));
      std::fill_n(&p.down[i * 4], 3, wanted(x, y + 1) - wanted(x, y));
      p.right[i * 4 + 3] = p.down[i * 4 + 3] = 1;
    }
  return p;
}

float slope(int x, int y) { return 40.0f + static_cast<float>(x) + 0.5f * static_cast<float>(y); }

TEST(GradientFit, AStepAtTheRimIsTakenOutOfTheWholeHole) {
  const auto fitted = fit_gradients(problem(slope, [](int x, int y) { return slope(x, y) + 6; }));
  for (int y = 12; y < 52; ++y)
    for (int x = 12; x < 52; ++x)
      ASSERT_NEAR(fitted[static_cast<size_t>(y * 64 + x) * 4], slope(x, y), 1.0) << x << "," << y;
}

TEST(GradientFit, WhatFitsAlreadyStays) {
  const GradientProblem p = problem(slope, slope);
  const auto fitted = fit_gradients(p);
  for (size_t i = 0; i < fitted.size(); ++i) ASSERT_NEAR(fitted[i], p.colours[i], 1e-3);
}

TEST(GradientFit, AnEdgeDoesNotBleed) {
  const auto fitted = fit_gradients(problem(slope, [](int x, int y) { return slope(x, y) + 90; }));
  EXPECT_NEAR(fitted[(32 * 64 + 32) * 4], slope(32, 32) + 90, 1.0);
  EXPECT_NEAR(fitted[(13 * 64 + 32) * 4], slope(32, 13) + 90, 1.0);
}

TEST(GradientFit, AStrongSpringKeepsTheGivenColours) {
  GradientProblem p = problem(slope, [](int x, int y) { return slope(x, y) + 6; });
  p.spring = 1;
  const auto fitted = fit_gradients(p);
  EXPECT_NEAR(fitted[(32 * 64 + 32) * 4], slope(32, 32) + 6, 0.5);
}

}  // namespace
}  // namespace pentimento
