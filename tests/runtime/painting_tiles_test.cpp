#include "runtime/painting_tiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pentimento {
namespace {

TEST(PaintingTiles, PadToAMultipleOfFourAndAtLeast32) {
  EXPECT_EQ(padded_length(1), 32);
  EXPECT_EQ(padded_length(32), 32);
  EXPECT_EQ(padded_length(33), 36);
  EXPECT_EQ(padded_length(1000), 1000);
}

TEST(PaintingTiles, KeepEveryPixelOnceAndLeaveMargins) {
  constexpr int kTile = 256, kMargin = 64;
  for (int length = 32; length <= 3000; length += 4) {
    const auto cuts = cut_axis(length, kTile, kMargin);
    int kept = 0;
    for (const Cut& cut : cuts) {
      ASSERT_EQ(cut.keep_begin, kept) << length;
      ASSERT_LT(cut.keep_begin, cut.keep_end) << length;
      ASSERT_LE(cut.end - cut.begin, kTile) << length;
      ASSERT_EQ(cut.end - cut.begin, cuts[0].end - cuts[0].begin) << length;
      ASSERT_EQ(cut.begin % 4, 0) << length;
      ASSERT_GE(cut.begin, 0);
      ASSERT_LE(cut.end, length);
      ASSERT_TRUE(cut.begin == 0 || cut.keep_begin - cut.begin >= kMargin) << length;
      ASSERT_TRUE(cut.end == length || cut.end - cut.keep_end >= kMargin) << length;
      kept = cut.keep_end;
    }
    ASSERT_EQ(kept, length);
  }
}

TEST(PaintingTiles, MirrorWhatLiesBeyondThePicture) {
  Image image(3, 1, 3);
  for (int x = 0; x < 3; ++x) image.at(x, 0)[0] = static_cast<uint8_t>(x * 51);
  const Cut columns{-2, 6, 0, 3}, row{0, 2, 0, 1};
  std::vector<float> planes(3 * 8 * 2);
  fill_planes(planes, image, columns, row);
  for (int y = 0; y < 2; ++y)
    for (int i = 0; i < 8; ++i) {
      const int expected[] = {2, 1, 0, 1, 2, 1, 0, 1};
      EXPECT_FLOAT_EQ(planes[static_cast<size_t>(y * 8 + i)],
                      static_cast<float>(expected[i]) * 0.2f);
    }
}

TEST(PaintingTiles, ClampAndRoundWhatTheyKeep) {
  Image image(2, 1, 3);
  const std::vector<float> planes = {-1.0f, 0.5f, 0.0f, 2.0f, 0.001f, 0.003f};
  keep_planes(planes, image, {0, 2, 0, 2}, {0, 1, 0, 1});
  EXPECT_THAT(image.pixels, ::testing::ElementsAre(0, 0, 0, 128, 255, 1));
}

}  // namespace
}  // namespace pentimento
