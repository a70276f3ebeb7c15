#include "image/color.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/error.h"
#include "image/codec.h"
#include "image/golden_image.h"
#include "image/lab.h"

namespace pentimento {
namespace {

using testing::equals_golden;
using testing::Golden;
using testing::golden_image;
using testing::source_path;

const Golden& golden() {
  static const Golden golden("image_color.safetensors");
  return golden;
}

Image every_color() {
  Image image(4096, 4096, 3);
  for (size_t i = 0; i < image.pixels.size(); i += 3) {
    const size_t n = i / 3;
    image.pixels[i] = static_cast<uint8_t>(n >> 16);
    image.pixels[i + 1] = static_cast<uint8_t>(n >> 8);
    image.pixels[i + 2] = static_cast<uint8_t>(n);
  }
  return image;
}

TEST(Lab, MatchesOpenCvForEveryColourThereIs) {
  const Image image = every_color();
  EXPECT_TRUE(equals_golden(rgb_to_lab(image), golden(), "lab"));
  EXPECT_TRUE(equals_golden(lab_to_rgb(image), golden(), "rgb"));
}

TEST(Lab, GreyHasNoColour) {
  for (int v = 0; v < 256; v += 5) {
    const Image lab = rgb_to_lab(Image(1, 1, 3, static_cast<uint8_t>(v)));
    EXPECT_EQ(lab.pixels[1], 128);
    EXPECT_EQ(lab.pixels[2], 128);
  }
}

TEST(MatchColors, MatchesScikitImageAndBlendmodes) {
  for (int i = 0; i < 4; ++i) {
    const std::string at = std::to_string(i) + "/";
    EXPECT_TRUE(equals_golden(
        match_colors(golden_image(golden(), at + "image"), golden_image(golden(), at + "target")),
        golden(), at + "matched"));
  }
}

TEST(MatchColors, GivesAPhotographTheColoursOfAnother) {
  const Image cat = read_picture(source_path("examples/chelsea.png")).image;
  const Image coffee = read_picture(source_path("examples/coffee.png")).image;
  EXPECT_TRUE(equals_golden(match_colors(cat, coffee), golden(), "chelsea_like_coffee"));
}

TEST(MatchColors, ToItselfChangesNextToNothing) {
  const Image cat = read_picture(source_path("examples/chelsea.png")).image;
  const Image out = match_colors(cat, cat);
  double sum = 0;
  for (size_t i = 0; i < cat.pixels.size(); ++i) {
    sum += std::abs(cat.pixels[i] - out.pixels[i]);
  }
  EXPECT_LT(sum / static_cast<double>(cat.pixels.size()), 1.5);
}

TEST(MatchColors, RefusesOtherThanRgb) {
  EXPECT_THROW(match_colors(Image(2, 2, 1), Image(2, 2, 3)), Error);
  EXPECT_THROW(match_colors(Image(2, 2, 3), Image(2, 2, 4)), Error);
  EXPECT_THROW(match_colors(Image(), Image(2, 2, 3)), Error);
}

Image random_tones(int width, int height) {
  std::mt19937 random(3);
  Image image(width, height, 3);
  for (uint8_t& v : image.pixels) v = static_cast<uint8_t>(60 + random() % 120);
  return image;
}

TEST(MatchTone, TakesOutAShiftMeasuredOnPartOfThePicture) {
  const Image original = random_tones(64, 64);
  Image shifted = original;
  for (uint8_t& v : shifted.pixels) v = static_cast<uint8_t>(v * 0.9 + 14.5);
  Image where(64, 64, 1);
  for (int x = 0; x < 64; ++x) *where.at(x, 5) = *where.at(x, 60) = 255;
  const Image back = match_tone(shifted, original, where);
  for (size_t i = 0; i < back.pixels.size(); ++i) {
    ASSERT_NEAR(back.pixels[i], original.pixels[i], 2);
  }
}

TEST(MatchTone, DoesNotLookOutsideTheRing) {
  const Image original = random_tones(64, 64);
  Image repainted = original;
  for (int y = 16; y < 48; ++y) std::fill_n(repainted.at(16, y), 32 * 3, uint8_t{255});
  Image where(64, 64, 1, 255);
  for (int y = 16; y < 48; ++y) std::fill_n(where.at(16, y), 32, uint8_t{0});
  EXPECT_EQ(match_tone(repainted, original, where), repainted);
}

TEST(MatchTone, LeavesThePictureAloneWithNothingToMeasure) {
  const Image image = random_tones(8, 8), target(8, 8, 3, 200);
  EXPECT_EQ(match_tone(image, target, Image(8, 8, 1)), image);
}

TEST(MatchTone, RefusesOtherSizes) {
  EXPECT_THROW(match_tone(Image(4, 4, 3), Image(5, 4, 3), Image(4, 4, 1)), Error);
  EXPECT_THROW(match_tone(Image(4, 4, 3), Image(4, 4, 3), Image(4, 4, 3)), Error);
}

}  // namespace
}  // namespace pentimento
