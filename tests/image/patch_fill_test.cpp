#include "image/patch_fill.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "image/composite.h"

namespace pentimento {
namespace {

Image box_mask(int width, int height, const Region& box) {
  Image mask(width, height, 1);
  for (int y = box.top; y < box.bottom; ++y)
    for (int x = box.left; x < box.right; ++x) *mask.at(x, y) = 255;
  return mask;
}

template <typename Colour>
Image drawn(int width, int height, Colour colour) {  // colour(x, y, channel) -> 0..255
  Image image(width, height, 3);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < 3; ++c) image.at(x, y)[c] = static_cast<uint8_t>(colour(x, y, c));
  return image;
}

Image bricks(int width, int height) {  // 16 x 8 px each, every second row shifted by half
  return drawn(width, height, [](int x, int y, int c) {
    const int row = y / 8;
    const bool joint = y % 8 == 0 || (x + 8 * (row % 2)) % 16 == 0;
    return joint ? 200 : 90 + 30 * c;
  });
}

double root_mean_square(const Image& a, const Image& b, const Image& mask) {
  double sum = 0, n = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i)
    if (mask.pixels[i / 3] != 0) {
      const double d = static_cast<double>(a.pixels[i]) - b.pixels[i];
      sum += d * d;
      ++n;
    }
  return std::sqrt(sum / n);
}

Image with_hole(Image image, const Image& mask) {
  for (size_t i = 0; i < image.pixels.size(); ++i)
    if (mask.pixels[i / 3] != 0) image.pixels[i] = static_cast<uint8_t>(i * 37);  // something else
  return image;
}

TEST(PatchFill, APatternGoesOnThroughTheHole) {
  const Image wall = bricks(160, 128);
  const Image mask = box_mask(160, 128, {60, 40, 100, 80});
  const Image filled = patch_fill(with_hole(wall, mask), mask);
  EXPECT_LT(root_mean_square(filled, wall, mask), 12);  // noise there: over 80
}

TEST(PatchFill, APatternGoesOnBeyondTheBorder) {
  const Image wall = bricks(160, 96);
  const Image mask = box_mask(160, 96, {120, 0, 160, 96});
  const Image filled = patch_fill(with_hole(wall, mask), mask);
  EXPECT_LT(root_mean_square(filled, wall, mask), 25);
}

TEST(PatchFill, ASlowGradientShowsNoStep) {
  const Image sky = drawn(160, 160, [](int, int y, int c) { return 60 + y / 2 + 20 * c; });
  const Image mask = box_mask(160, 160, {50, 50, 110, 110});
  const Image filled = patch_fill(with_hole(sky, mask), mask);
  int worst = 0;
  for (int y = 1; y < 160; ++y)
    for (int x = 1; x < 160; ++x)
      for (int c = 0; c < 3; ++c) {
        worst = std::max(worst, std::abs(filled.at(x, y)[c] - filled.at(x - 1, y)[c]));
        worst = std::max(worst, std::abs(filled.at(x, y)[c] - filled.at(x, y - 1)[c]));
      }
  EXPECT_LE(worst, 3);
}

TEST(PatchFill, AnEdgeIsCarriedThroughWithoutBleeding) {
  const Image edge = drawn(128, 128, [](int x, int, int c) { return x < 64 ? 20 : 200 + 10 * c; });
  const Image mask = box_mask(128, 128, {44, 44, 84, 84});
  const Image filled = patch_fill(with_hole(edge, mask), mask);
  EXPECT_LT(root_mean_square(filled, edge, mask), 12);
}

TEST(PatchFill, KnownPixelsStayBitForBit) {
  const Image wall = bricks(90, 70);
  const Image mask = box_mask(90, 70, {30, 0, 61, 33});
  const Image filled = patch_fill(wall, mask, 5);
  EXPECT_EQ(with_hole(filled, mask), with_hole(wall, mask));
}

TEST(PatchFill, TheSameSeedGivesTheSamePixels) {
  const Image wall = bricks(90, 70);
  const Image mask = box_mask(90, 70, {20, 10, 70, 60});
  EXPECT_EQ(patch_fill(wall, mask, 3), patch_fill(wall, mask, 3));
}

TEST(PatchFill, AnEmptyMaskLeavesThePicture) {
  const Image wall = bricks(64, 48);
  EXPECT_EQ(patch_fill(wall, Image(64, 48, 1)), wall);
}

TEST(PatchFill, WithoutAnythingToTakeColoursAreCarriedIn) {
  EXPECT_EQ(patch_fill(bricks(64, 48), Image(64, 48, 1, 255)).pixels.size(), size_t{64 * 48 * 3});
  Image thin = box_mask(64, 48, {0, 0, 64, 48});  // a line of two known pixels holds no patch
  for (int x = 0; x < 64; ++x) *thin.at(x, 20) = *thin.at(x, 21) = 0;
  const Image red = drawn(64, 48, [](int, int, int c) { return c == 0 ? 250 : 10; });
  const Image filled = patch_fill(with_hole(red, thin), thin);
  EXPECT_GT(filled.at(30, 24)[0], filled.at(30, 24)[1]);
}

TEST(PatchFill, EverySmallSizeWorks) {
  for (const int width : {1, 2, 7, 8, 9, 17, 49})
    for (const int height : {1, 8, 24, 50}) {
      const Image wall = bricks(width, height);
      const Image mask = box_mask(width, height, {width / 2, height / 3, width, height});
      const Image filled = patch_fill(wall, mask);
      EXPECT_EQ(filled.width, width);
      EXPECT_EQ(filled.height, height);
    }
}

// At half the size an odd last column or row is gone, and the hole with it.
TEST(PatchFill, AHoleInTheLastColumnOfAnOddWidthIsFilled) {
  const Image red(97, 99, 3, 120);
  for (const Region& edge : {Region{96, 0, 97, 99}, Region{0, 98, 97, 99}}) {
    const Image mask = box_mask(97, 99, edge);
    EXPECT_LT(root_mean_square(patch_fill(with_hole(red, mask), mask), red, mask), 8);
  }
}

TEST(PatchFill, AMaskOfAnotherSizeIsRefused) {
  try {
    patch_fill(bricks(64, 48), Image(64, 47, 1));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
    EXPECT_NE(std::string(error.what()).find("64x47"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace pentimento
