#include "image/cutout.h"

#include <gtest/gtest.h>

#include <cmath>

#include "image/blur.h"
#include "image/codec.h"
#include "image/morphology.h"
#include "support/golden.h"

namespace pentimento {
namespace {

using Rgb = std::array<uint8_t, 3>;

// A shirt-like shape (a square with two arms) of one colour before another, with noise.
struct Scene {
  Image picture{240, 200, 3};
  Image truth{240, 200, 1};
};

Scene scene(Rgb garment, Rgb wall, double slope = 0) {
  Scene s;
  uint32_t random = 1;
  for (int y = 0; y < 200; ++y)
    for (int x = 0; x < 240; ++x) {
      const bool body = x >= 80 && x < 160 && y >= 40 && y < 170;
      const bool arms = x >= 40 && x < 200 && y >= 40 && y < 75;
      const bool inside = body || arms;
      *s.truth.at(x, y) = inside ? 255 : 0;
      for (size_t c = 0; c < 3; ++c) {
        random = random * 1664525u + 1013904223u;
        const double noise = static_cast<double>(random >> 24) / 255 * 6 - 3;
        const double base = inside ? garment[c] : wall[c] + slope * (x - 120) / 120;
        s.picture.at(x, y)[c] = static_cast<uint8_t>(std::clamp(base + noise, 0.0, 255.0));
      }
    }
  s.picture = gaussian_blur(s.picture, 0.6);  // a lens
  return s;
}

// Pixels that are wrong, of all.
double wrong(const Image& mask, const Image& truth) {
  double count = 0;
  for (size_t i = 0; i < truth.pixels.size(); ++i)
    count += (mask.pixels[i] > 127) != (truth.pixels[i] > 127);
  return count / static_cast<double>(truth.pixels.size());
}

TEST(CutOut, FindsAGarmentOnAPlainWall) {
  const Scene s = scene({180, 30, 40}, {235, 235, 235});
  const auto found = cut_out_from_plain(s.picture);
  ASSERT_TRUE(found.cut_out);
  EXPECT_LT(wrong(found.cut_out->mask, s.truth), 0.004);
  EXPECT_NEAR(found.cut_out->box.left, 40, 1);
  EXPECT_NEAR(found.cut_out->box.right, 200, 1);
  EXPECT_NEAR(found.cut_out->share, (80 * 130 + 80 * 35) / 48000.0, 0.01);
}

TEST(CutOut, AllowsForLightThatFallsFromOneSide) {
  const Scene s = scene({40, 60, 120}, {200, 200, 200}, /*slope=*/40);
  const auto found = cut_out_from_plain(s.picture);
  ASSERT_TRUE(found.cut_out);
  EXPECT_LT(wrong(found.cut_out->mask, s.truth), 0.005);
}

TEST(CutOut, FindsALightGarmentOnAWhiteWall) {
  const Scene s = scene({222, 222, 225}, {250, 250, 250});
  const auto found = cut_out_from_plain(s.picture);
  ASSERT_TRUE(found.cut_out);
  EXPECT_LT(wrong(found.cut_out->mask, s.truth), 0.02);
}

TEST(CutOut, KeepsAPrintOfTheWallsOwnColour) {
  Scene s = scene({180, 30, 40}, {235, 235, 235});
  for (int y = 90; y < 120; ++y)
    for (int x = 100; x < 140; ++x)
      for (int c = 0; c < 3; ++c) s.picture.at(x, y)[c] = 235;
  const auto found = cut_out_from_plain(s.picture);
  ASSERT_TRUE(found.cut_out);
  EXPECT_LT(wrong(found.cut_out->mask, s.truth), 0.005);
}

TEST(CutOut, LeavesDustOut) {
  Scene s = scene({180, 30, 40}, {235, 235, 235});
  for (int y = 10; y < 16; ++y)
    for (int x = 10; x < 16; ++x)
      for (int c = 0; c < 3; ++c) s.picture.at(x, y)[c] = 20;
  const auto found = cut_out_from_plain(s.picture);
  ASSERT_TRUE(found.cut_out);
  EXPECT_EQ(*found.cut_out->mask.at(12, 12), 0);
}

TEST(CutOut, HasASoftEdgeOfAFewPixels) {
  const auto found = cut_out_from_plain(scene({180, 30, 40}, {235, 235, 235}).picture);
  ASSERT_TRUE(found.cut_out);
  int soft = 0;
  for (int x = 60; x < 100; ++x) {
    const uint8_t value = *found.cut_out->mask.at(x, 120);
    soft += value > 0 && value < 255;
  }
  EXPECT_GE(soft, 1);
  EXPECT_LE(soft, 4);
}

TEST(CutOut, TakesAlphaAsTheMask) {
  const Scene s = scene({180, 30, 40}, {235, 235, 235});
  const auto found = cut_out_from_plain(with_alpha(s.picture, s.truth));
  ASSERT_TRUE(found.cut_out);
  EXPECT_EQ(found.cut_out->mask, s.truth);
}

TEST(CutOut, OfAMaskByHandIsTheMask) {
  const Scene s = scene({1, 2, 3}, {4, 5, 6});
  const auto found = cut_out_of_mask(s.truth);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->mask, s.truth);
  EXPECT_EQ(found->box, (Region{40, 40, 200, 170}));
  EXPECT_FALSE(cut_out_of_mask(Image(10, 10, 1)));
}

TEST(CutOut, FindsTheExampleGarments) {
  for (const auto& [name, least, most] :
       {std::tuple{"hoodie.jpg", 0.46, 0.51}, {"dress.jpg", 0.40, 0.44}}) {
    const Image picture =
        to_rgb(read_picture(testing::source_path(std::string("examples/") + name)).image);
    const auto found = cut_out_from_plain(picture);
    ASSERT_TRUE(found.cut_out) << name << ": " << describe(found.problem);
    EXPECT_GT(found.cut_out->share, least) << name;
    EXPECT_LT(found.cut_out->share, most) << name;
  }
}

TEST(CutOut, SaysWhyThereIsNone) {
  const auto problem = [](const Image& image) {
    const auto found = cut_out_from_plain(image);
    EXPECT_FALSE(found.cut_out);
    EXPECT_NE(describe(found.problem).find("mask"), std::string::npos);
    return found.problem;
  };
  EXPECT_EQ(problem(Image(20, 200, 3)), CutOutProblem::TooSmall);
  EXPECT_EQ(problem(Image(200, 200, 3, 128)), CutOutProblem::NothingFound);
  EXPECT_EQ(problem(Image(64, 64, 4)), CutOutProblem::NothingFound);  // wholly transparent
  const Image grey_on_grey =
      to_rgb(read_picture(testing::source_path("examples/tshirt.jpg")).image);
  EXPECT_EQ(problem(grey_on_grey), CutOutProblem::LooksLikeBackground);
  const Image cat = to_rgb(read_picture(testing::source_path("examples/chelsea.png")).image);
  EXPECT_EQ(problem(cat), CutOutProblem::BorderNotPlain);
}

}  // namespace
}  // namespace pentimento
