#include "image/detail.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace pentimento {
namespace {

Image stripes(int width, int height) {
  Image image(width, height, 3);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      std::fill_n(image.at(x, y), 3, static_cast<uint8_t>(x % 2 ? 90 : 150));
  return image;
}

TEST(Detail, WithoutAChangeThePictureIsItself) {
  const Image full = stripes(96, 64), small = resize_image(full, 24, 16, ResizeMode::Stretch);
  EXPECT_EQ(carry_detail(full, small, small, ResizeMode::Stretch), full);
}

TEST(Detail, AChangeOfToneKeepsTheStripes) {
  const Image full = stripes(96, 64), before = resize_image(full, 24, 16, ResizeMode::Stretch);
  Image after = before;
  for (uint8_t& v : after.pixels) v = static_cast<uint8_t>(v + 20);
  Image expected = full;
  for (uint8_t& v : expected.pixels) v = static_cast<uint8_t>(v + 20);
  EXPECT_EQ(carry_detail(full, before, after, ResizeMode::Stretch), expected);
}

TEST(Detail, AChangeInOnePlaceStaysThere) {
  const Image full = stripes(96, 64), before = resize_image(full, 24, 16, ResizeMode::Crop);
  Image after = before;
  std::fill_n(after.at(20, 8), 3, uint8_t{255});
  const Image made = carry_detail(full, before, after, ResizeMode::Crop);
  EXPECT_GT(made.at(82, 34)[0], full.at(82, 34)[0]);
  EXPECT_EQ(made.at(10, 10)[0], full.at(10, 10)[0]);
}

}  // namespace
}  // namespace pentimento
