#include "pipelines/harmonic_fill.h"

#include <gtest/gtest.h>

#include "support/golden.h"

namespace pentimento {
namespace {

TEST(HarmonicFill, MatchesWhatTheModelIsTrainedWith) {
  const testing::Golden golden("pipelines_harmonic_fill.safetensors");
  for (const std::string hidden : {"box", "border", "scattered", "all"}) {
    const Tensor filled = harmonic_fill(golden.tensor("latent"), golden.tensor(hidden + " hidden"));
    EXPECT_LT(testing::relative_error(filled.data, golden.tensor(hidden + " filled").data), 1e-5)
        << hidden;
  }
}

TEST(HarmonicFill, ContinuesASlopeAndLeavesShownCellsAlone) {
  const int height = 20, width = 30;
  Tensor slope({1, 1, height, width}), hidden({1, 1, height, width});
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const auto at = static_cast<size_t>(y * width + x);
      slope.data[at] = 0.1f * static_cast<float>(x);
      hidden.data[at] = x > 4 && x < 25 ? 1.0f : 0.0f;
    }
  Tensor spoilt = slope;
  for (size_t i = 0; i < spoilt.size(); ++i)
    if (hidden.data[i] > 0) spoilt.data[i] = 77.0f;
  const Tensor filled = harmonic_fill(spoilt, hidden);
  for (size_t i = 0; i < filled.size(); ++i) {
    if (hidden.data[i] > 0)
      EXPECT_NEAR(filled.data[i], slope.data[i], 1e-4);
    else
      EXPECT_EQ(filled.data[i], slope.data[i]);
  }
}

TEST(HarmonicFill, WithoutAHiddenCellNothingChanges) {
  const Tensor latent({1, 2, 3, 4}, 0.5f);
  EXPECT_EQ(harmonic_fill(latent, Tensor({1, 1, 3, 4})).data, latent.data);
}

}  // namespace
}  // namespace pentimento
