#include "image/shaped_noise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/error.h"

namespace pentimento {
namespace {

constexpr int kWidth = 48, kHeight = 36, kKnown = 32;

std::vector<float> draws(uint32_t seed, int channels = 3) {
  std::mt19937 bits(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<size_t>(kWidth * kHeight * (channels + 1)));
  std::ranges::generate(values, [&] { return normal(bits); });
  return values;
}

Image left_part() {
  Image known(kWidth, kHeight, 1);
  for (int y = 0; y < kHeight; ++y) std::fill_n(known.at(0, y), kKnown, uint8_t{255});
  return known;
}

// Horizontal stripes of `period` rows.
Image stripes(int period) {
  Image picture(kWidth, kHeight, 3);
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x)
      for (int c = 0; c < 3; ++c)
        picture.at(x, y)[c] =
            static_cast<uint8_t>(120 + 30 * c + 60 * std::sin(2 * M_PI * y / period));
  return picture;
}

std::vector<uint8_t> sorted_part(const Image& image, int channel, int from, int to) {
  std::vector<uint8_t> values;
  for (int y = 0; y < kHeight; ++y)
    for (int x = from; x < to; ++x) values.push_back(image.at(x, y)[channel]);
  std::ranges::sort(values);
  return values;
}

TEST(ShapedNoise, LeavesWhatIsKnownAndTakesItsColours) {
  const Image picture = stripes(12);
  const Image filled = fill_with_shaped_noise(picture, left_part(), draws(1));
  for (int c = 0; c < 3; ++c) {
    EXPECT_EQ(sorted_part(filled, c, 0, kKnown), sorted_part(picture, c, 0, kKnown));
    const auto known = sorted_part(picture, c, 0, kKnown),
               fresh = sorted_part(filled, c, kKnown, kWidth);
    for (const double share : {0.1, 0.5, 0.9}) {
      const auto at = [&](const auto& values) {
        return values[static_cast<size_t>(share * static_cast<double>(values.size()))];
      };
      EXPECT_NEAR(at(known), at(fresh), 6) << "channel " << c << ", share " << share;
    }
  }
}

// Mean difference of neighbours: to the right over that below.
double lengthwise(const Image& image) {
  double right = 0, below = 0;
  for (int y = 0; y + 1 < kHeight; ++y)
    for (int x = kKnown; x + 1 < kWidth; ++x) {
      right += std::abs(image.at(x, y)[0] - image.at(x + 1, y)[0]);
      below += std::abs(image.at(x, y)[0] - image.at(x, y + 1)[0]);
    }
  return right / below;
}

TEST(ShapedNoise, HasThePicturesTexture) {
  // Stripes vary downwards only, and so does what is made of them; their turned picture the other
  // way round.
  const Image across = fill_with_shaped_noise(stripes(12), left_part(), draws(1));
  EXPECT_LT(lengthwise(across), 0.7);  // 1: alike in both directions
  Image turned(kWidth, kHeight, 3);
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x)
      std::fill_n(turned.at(x, y), 3, static_cast<uint8_t>(120 + 60 * std::sin(2 * M_PI * x / 12)));
  EXPECT_GT(lengthwise(fill_with_shaped_noise(turned, left_part(), draws(1))), 1.4);
}

TEST(ShapedNoise, FollowsItsDrawsAndOptions) {
  const Image picture = stripes(9), known = left_part();
  const Image first = fill_with_shaped_noise(picture, known, draws(1));
  EXPECT_EQ(first, fill_with_shaped_noise(picture, known, draws(1)));
  EXPECT_NE(first, fill_with_shaped_noise(picture, known, draws(2)));
  EXPECT_NE(first, fill_with_shaped_noise(picture, known, draws(1), {.detail = 0.3}));
  EXPECT_NE(first, fill_with_shaped_noise(picture, known, draws(1), {.colour = 0.8}));
}

TEST(ShapedNoise, OfOneColourIsThatColour) {
  const Image plain(kWidth, kHeight, 1, 77);
  EXPECT_EQ(fill_with_shaped_noise(plain, left_part(), draws(1, 1)), plain);
}

// libvips' transforms would write past their buffers here.
TEST(ShapedNoise, TakesPicturesOfOneRowOrColumn) {
  for (const auto& [width, height] : {std::pair(41, 1), {1, 41}, {2, 1}, {3, 1}, {1, 1}}) {
    const Image picture(width, height, 3, 80);
    Image known(width, height, 1);
    known.pixels[0] = 255;
    const std::vector<float> noise(static_cast<size_t>(width * height * 4), 0.5f);
    EXPECT_EQ(fill_with_shaped_noise(picture, known, noise), picture) << width << "x" << height;
  }
}

TEST(ShapedNoise, LendsWholeColoursWithoutVariation) {
  Image two(kWidth, kHeight, 3);  // red and blue, nothing between
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x) two.at(x, y)[y % 8 < 4 ? 0 : 2] = 250;
  const Image filled = fill_with_shaped_noise(two, left_part(), draws(1), {.colour = 0});
  for (int y = 0; y < kHeight; ++y)
    for (int x = kKnown; x < kWidth; ++x)
      EXPECT_EQ(filled.at(x, y)[0] + filled.at(x, y)[2], 250) << x << "," << y;
}

TEST(ShapedNoise, RefusesWhatDoesNotFit) {
  const Image picture = stripes(9);
  EXPECT_THROW(fill_with_shaped_noise(picture, Image(8, 8, 1, 255), draws(1)), Error);
  EXPECT_THROW(fill_with_shaped_noise(picture, left_part(), draws(1, 1)), Error);
  EXPECT_THROW(fill_with_shaped_noise(picture, Image(kWidth, kHeight, 1), draws(1)), Error);
}

}  // namespace
}  // namespace pentimento
