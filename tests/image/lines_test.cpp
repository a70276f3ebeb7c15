// Reference: OpenCV and ControlNet's annotators (tests/golden/image_lines.py).
#include "image/lines.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "image/canny.h"
#include "image/golden_image.h"

namespace pentimento {
namespace {

using testing::equals_golden;
using testing::Golden;
using testing::golden_image;

const Golden& golden() {
  static const Golden file("image_lines.safetensors");
  return file;
}

Image channel(const Image& image, int c) {
  Image one(image.width, image.height, 1);
  for (size_t i = 0; i < one.pixels.size(); ++i) one.pixels[i] = image.pixels[3 * i + c];
  return one;
}

Image rotated(const Image& image) {
  Image turned(image.height, image.width, image.channels);
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x)
      std::copy_n(image.at(x, y), image.channels, turned.at(image.height - 1 - y, x));
  return turned;
}

// How many pixels of the pictures differ by more than `most`.
size_t differing(const Image& a, const Image& b, int most) {
  EXPECT_EQ(a.pixels.size(), b.pixels.size());
  size_t count = 0;
  for (size_t i = 0; i < std::min(a.pixels.size(), b.pixels.size()); ++i)
    count += std::abs(a.pixels[i] - b.pixels[i]) > most;
  return count;
}

TEST(Canny, IsOpenCvsBitForBit) {
  const Image photo = golden_image(golden(), "photo");
  struct Thresholds {
    double low, high;
    std::string key;
  };
  for (const auto& [low, high, key] : {Thresholds{100, 200, "100.200"},
                                       {50, 60, "50.60"},
                                       {30.7, 400.2, "30.7.400.2"},
                                       {200, 100, "100.200"}}) {
    EXPECT_TRUE(equals_golden(canny(photo, low, high), golden(), "canny." + key));
    EXPECT_TRUE(equals_golden(canny(channel(photo, 1), low, high), golden(), "canny.grey." + key));
  }
}

TEST(Canny, FindsNothingInAFlatPictureAndCopesWithTheSmallest) {
  EXPECT_EQ(canny(Image(7, 5, 3, 99), 0, 0), Image(7, 5, 1));
  EXPECT_EQ(canny(Image(1, 1, 1, 5), 100, 200), Image(1, 1, 1));
  EXPECT_THROW(canny(Image(), 1, 2), Error);
  EXPECT_THROW(canny(Image(2, 2, 4), 1, 2), Error);
}

TEST(Lines, AreThoseOfTheAnnotators) {
  const Image photo = golden_image(golden(), "photo");
  // Sums of floats in another order: a pixel at the very threshold may fall on either side.
  for (const int threshold : {32, 8})
    EXPECT_LE(differing(scribble_xdog(photo, threshold),
                        golden_image(golden(), "xdog." + std::to_string(threshold)), 0),
              2u);
  EXPECT_EQ(differing(line_art(photo), golden_image(golden(), "line_art"), 1), 0u);
  EXPECT_TRUE(equals_golden(above_threshold(photo, 127), golden(), "threshold"));
  EXPECT_TRUE(equals_golden(drawn_lines(photo), golden(), "drawn"));
}

TEST(SoftEdges, AreBrightOnAStepDarkAwayFromItAndTurnWithThePicture) {
  Image step(64, 48, 3, 20);
  for (int y = 0; y < 48; ++y)
    for (int x = 32; x < 64; ++x) std::fill_n(step.at(x, y), 3, uint8_t{220});
  const Image edges = soft_edges(step);
  EXPECT_GE(*edges.at(31, 24), 250);
  EXPECT_GT(*edges.at(28, 24), 0);
  EXPECT_LT(*edges.at(28, 24), *edges.at(31, 24));
  EXPECT_EQ(*edges.at(2, 24), 0);
  const Image photo = golden_image(golden(), "photo");
  EXPECT_EQ(differing(soft_edges(rotated(photo)), rotated(soft_edges(photo)), 1), 0u);
  EXPECT_EQ(soft_edges(Image(9, 9, 3, 77)), Image(9, 9, 1));
}

}  // namespace
}  // namespace pentimento
