#include "image/dye.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

#include "image/colour_names.h"

namespace pentimento {
namespace {

using Rgb = std::array<uint8_t, 3>;

Image plain(const Rgb& colour) {
  Image image(8, 8, 3);
  for (size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = colour[i % 3];
  return image;
}

Rgb pixel(const Image& image, int x, int y) {
  return {image.at(x, y)[0], image.at(x, y)[1], image.at(x, y)[2]};
}

double light(const Rgb& c) { return 0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2]; }

TEST(Dye, GivesAPlainThingTheColourItself) {
  const Image all(8, 8, 1, 255);
  for (const Rgb& colour :
       {Rgb{220, 20, 30}, Rgb{70, 130, 200}, Rgb{20, 30, 80}, Rgb{250, 230, 60}}) {
    const Rgb made = pixel(dyed(plain({120, 130, 110}), all, colour), 3, 3);
    for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(made[c], colour[c], 2);
  }
}

TEST(Dye, LeavesWhatTheMaskDoesNotTouch) {
  const Image picture = plain({10, 200, 90});
  Image mask(8, 8, 1);
  *mask.at(2, 2) = 255;
  *mask.at(4, 4) = 128;
  const Image made = dyed(picture, mask, {220, 20, 30});
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 8; ++x)
      if (*mask.at(x, y) == 0) EXPECT_EQ(pixel(made, x, y), pixel(picture, x, y));
  const Rgb whole = pixel(made, 2, 2), half = pixel(made, 4, 4);
  for (size_t c = 0; c < 3; ++c)
    EXPECT_NEAR(half[c], (whole[c] + pixel(picture, 0, 0)[c]) / 2.0, 1.5);
}

TEST(Dye, KeepsTheOrderOfLightAndDark) {
  Image ramp(256, 1, 3);
  for (int x = 0; x < 256; ++x)
    for (int c = 0; c < 3; ++c) ramp.at(x, 0)[c] = static_cast<uint8_t>(x);
  const Image all(256, 1, 1, 255);
  for (const Rgb& colour : {Rgb{0, 0, 0}, Rgb{255, 255, 255}, Rgb{120, 60, 160}}) {
    const Image made = dyed(ramp, all, colour);
    for (int x = 1; x < 256; ++x)
      EXPECT_GE(light(pixel(made, x, 0)) + 1, light(pixel(made, x - 1, 0))) << x;
    EXPECT_GT(light(pixel(made, 255, 0)), light(pixel(made, 0, 0)) + 100);  // folds are left
  }
}

TEST(Dye, TheColourIsTheOneThatWasNamed) {
  const Image all(8, 8, 1, 255);
  for (const char* name :
       {"black", "white", "red", "green", "blue", "yellow", "purple", "pink", "navy"}) {
    const NamedColour* colour = colour_named_in(name);
    ASSERT_TRUE(colour);
    const Rgb made = pixel(dyed(plain({140, 120, 100}), all, colour->rgb), 0, 0);
    const double off = std::abs(light(made) - light(colour->rgb));
    EXPECT_LT(off, 60) << name;  // black and white keep room for folds
    if (off < 2) EXPECT_STREQ(nearest_colour(made).name_en, name);
  }
}

TEST(Dye, OfNothingIsThePicture) {
  const Image picture = plain({1, 2, 3});
  EXPECT_EQ(dyed(picture, Image(8, 8, 1), {220, 20, 30}), picture);
  EXPECT_NO_THROW(dyed(plain({0, 0, 0}), Image(8, 8, 1, 255), {0, 0, 0}));
  EXPECT_NO_THROW(dyed(plain({255, 255, 255}), Image(8, 8, 1, 255), {255, 255, 255}));
}

}  // namespace
}  // namespace pentimento
