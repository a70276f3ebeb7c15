#include "image/appearance.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"
#include "image/blur.h"
#include "image/codec.h"
#include "image/composite.h"
#include "support/golden.h"

namespace pentimento {
namespace {

Image plain(std::array<uint8_t, 3> rgb, int width = 64, int height = 48) {
  Image image(width, height, 3);
  for (size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = rgb[i % 3];
  return image;
}

Image example(const char* name) {
  return to_rgb(read_picture(testing::source_path(std::string("examples/") + name)).image);
}

bool says(const Image& image, const std::string& word) {
  for (const Word& found : appearance_words(measure_appearance(image)))
    if (found.en == word) return true;
  return false;
}

TEST(Appearance, OfAPlainPictureIsItsColour) {
  const Appearance a = measure_appearance(plain({200, 40, 40}));
  ASSERT_EQ(a.palette.size(), 1u);
  EXPECT_EQ(a.palette[0].rgb, (std::array<uint8_t, 3>{200, 40, 40}));
  EXPECT_DOUBLE_EQ(a.palette[0].share, 1);
  EXPECT_NEAR(a.brightness, (0.299 * 200 + 0.587 * 40 + 0.114 * 40) / 255, 1e-9);
  EXPECT_NEAR(a.contrast, 0, 1e-9);
  EXPECT_EQ(a.sharpness, 0);
  EXPECT_GT(a.warmth, 0);
}

TEST(Appearance, PaletteCountsPixels) {
  Image image = plain({30, 60, 200}, 80, 40);
  for (int y = 0; y < 40; ++y)
    for (int x = 0; x < 20; ++x)
      for (int c = 0; c < 3; ++c) image.at(x, y)[c] = c == 0 ? 255 : 220;
  const Appearance a = measure_appearance(image);
  ASSERT_EQ(a.palette.size(), 2u);
  EXPECT_NEAR(a.palette[0].share, 0.75, 1e-9);
  EXPECT_NEAR(a.palette[1].share, 0.25, 1e-9);
  EXPECT_EQ(a.palette[0].rgb, (std::array<uint8_t, 3>{30, 60, 200}));
}

TEST(Appearance, TransparentPixelsAreNotSeen) {
  Image image = with_alpha(plain({255, 0, 0}), 255);
  for (int y = 0; y < 48; ++y)
    for (int x = 0; x < 32; ++x) {
      image.at(x, y)[0] = 0;
      image.at(x, y)[3] = 0;
    }
  const Appearance a = measure_appearance(image);
  ASSERT_EQ(a.palette.size(), 1u);
  EXPECT_EQ(a.palette[0].rgb, (std::array<uint8_t, 3>{255, 0, 0}));
  EXPECT_EQ(measure_appearance(Image(4, 4, 4)).palette.size(), 1u);  // wholly transparent: white
}

TEST(Appearance, SpeaksOfWhatStandsOut) {
  EXPECT_TRUE(says(plain({10, 10, 10}), "dark"));
  EXPECT_TRUE(says(plain({240, 240, 240}), "bright"));
  EXPECT_TRUE(says(plain({120, 120, 120}), "monochrome"));
  EXPECT_TRUE(says(plain({240, 150, 40}), "warm tones"));
  EXPECT_TRUE(says(plain({40, 90, 220}), "cool tones"));
  EXPECT_FALSE(says(plain({40, 90, 220}), "warm tones"));
}

TEST(Appearance, BlurTakesSharpnessAway) {
  const Image cat = example("chelsea.png");
  const double sharp = measure_appearance(cat).sharpness;
  const double soft = measure_appearance(gaussian_blur(cat, 2)).sharpness;
  const double softer = measure_appearance(gaussian_blur(cat, 6)).sharpness;
  EXPECT_GT(sharp, 2 * soft);
  EXPECT_GT(soft, 2 * softer);
  EXPECT_TRUE(says(gaussian_blur(cat, 6), "soft focus"));
  EXPECT_FALSE(says(cat, "soft focus"));
}

TEST(Appearance, OfPhotographsIsPlausible) {
  const Appearance cat = measure_appearance(example("chelsea.png"));
  EXPECT_GT(cat.warmth, 0.05);
  EXPECT_GE(cat.palette.size(), 3u);
  double sum = 0;
  for (const PaletteColour& colour : cat.palette) sum += colour.share;
  EXPECT_GT(sum, 0.8);
  EXPECT_LE(sum, 1.0 + 1e-9);
}

TEST(Appearance, GreyIsReadAsRgb) {
  EXPECT_NEAR(measure_appearance(Image(8, 8, 1, 100)).brightness, 100 / 255.0, 1e-9);
}

TEST(Appearance, RefusesAnEmptyPicture) {
  try {
    measure_appearance(Image());
    FAIL() << "was accepted";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidArgument);
  }
}

}  // namespace
}  // namespace pentimento
