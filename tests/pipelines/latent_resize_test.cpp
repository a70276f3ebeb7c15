#include "pipelines/latent_resize.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/golden.h"

namespace pentimento {
namespace {

TEST(ResizeLatent, MatchesTorchInAllSixModesUpAndDown) {
  const testing::Golden golden("pipelines_latent_resize.safetensors");
  const Tensor latent = golden.tensor("latent");
  for (const char* mode : latent_resize_modes())
    for (const auto& [height, width] : {std::pair{10, 14}, std::pair{9, 11}, std::pair{13, 8},
                                        std::pair{5, 7}, std::pair{3, 4}}) {
      const std::string size = std::to_string(height) + "x" + std::to_string(width);
      const Tensor expected = golden.tensor(std::string(mode) + " " + size);
      const Tensor made = resize_latent(latent, height, width, mode);
      EXPECT_EQ(made.shape, expected.shape);
      EXPECT_LT(testing::relative_error(made.data, expected.data), 1e-5) << mode << " " << size;
    }
}

TEST(ResizeLatent, RefusesModesItDoesNotKnow) {
  EXPECT_TRUE(is_latent_resize_mode("Latent (nearest)"));
  EXPECT_FALSE(is_latent_resize_mode("Lanczos"));
  EXPECT_THROW(resize_latent(Tensor({1, 1, 2, 2}), 4, 4, "Lanczos"), Error);
}

}  // namespace
}  // namespace pentimento
