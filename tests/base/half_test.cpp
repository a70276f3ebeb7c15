#include "base/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace pentimento {
namespace {

TEST(Half, EveryF16SurvivesTheWayThroughF32) {
  for (uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float value = f16_to_f32(half);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(f16_to_f32(f32_to_f16(value))));
    } else {
      EXPECT_EQ(f32_to_f16(value), half) << bits;
    }
  }
}

TEST(Half, EveryBf16SurvivesTheWayThroughF32) {
  for (uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float value = bf16_to_f32(half);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(bf16_to_f32(f32_to_bf16(value))));
    } else {
      EXPECT_EQ(f32_to_bf16(value), half) << bits;
    }
  }
}

TEST(Half, RoundsToNearestEven) {
  EXPECT_EQ(f32_to_f16(1.0f + 0x1p-11f), f32_to_f16(1.0f));  // a tie goes to the even neighbour
  EXPECT_EQ(f32_to_f16(1.0f + 0x3p-11f), f32_to_f16(1.0f + 0x2p-10f));
  EXPECT_EQ(f32_to_f16(1.0f + 0x1.01p-11f), f32_to_f16(1.0f + 0x1p-10f));
  EXPECT_EQ(f32_to_bf16(1.0f + 0x1p-8f), f32_to_bf16(1.0f));
}

TEST(Half, KnownValues) {  // numpy.float16(x).view(numpy.uint16)
  EXPECT_EQ(f32_to_f16(0.1f), 0x2e66);
  EXPECT_EQ(f32_to_f16(65504.0f), 0x7bff);
  EXPECT_EQ(f32_to_f16(65520.0f), 0x7c00);
  EXPECT_EQ(f32_to_f16(-1e-7f), 0x8002);
  EXPECT_EQ(f32_to_f16(1e-8f), 0x0000);
  EXPECT_EQ(f32_to_f16(-std::numeric_limits<float>::infinity()), 0xfc00);
}

}  // namespace
}  // namespace pentimento
