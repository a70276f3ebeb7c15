#include "image/blur.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "image/golden_image.h"

namespace pentimento {
namespace {

using testing::equals_golden;
using testing::Golden;
using testing::golden_image;

const Golden& golden() {
  static const Golden golden("image_blur.safetensors");
  return golden;
}

const char* const kSources[] = {"rgb", "rgba", "grey", "row", "column", "pixel"};

TEST(Blur, BoxMatchesPillow) {
  const auto radii = golden().tensor("radii").data;
  for (const std::string name : kSources) {
    const Image image = golden_image(golden(), "source/" + name);
    for (size_t i = 0; i < radii.size(); ++i) {
      EXPECT_TRUE(equals_golden(box_blur(image, radii[i]), golden(),
                                "box/" + name + "/" + std::to_string(i)));
    }
  }
}

TEST(Blur, GaussianMatchesPillow) {
  const auto radii = golden().tensor("radii").data;
  for (const std::string name : kSources) {
    const Image image = golden_image(golden(), "source/" + name);
    for (size_t i = 0; i < radii.size(); ++i) {
      EXPECT_TRUE(equals_golden(gaussian_blur(image, radii[i]), golden(),
                                "gaussian/" + name + "/" + std::to_string(i)));
    }
  }
}

TEST(Blur, MaskBlurMatchesOpenCv) {
  const auto sigmas = golden().tensor("sigmas").data;
  for (const std::string name : {"grey", "row", "column"}) {
    const Image mask = golden_image(golden(), "source/" + name);
    for (size_t i = 0; i < sigmas.size() / 2; ++i) {
      EXPECT_TRUE(equals_golden(blur_mask(mask, sigmas[2 * i], sigmas[2 * i + 1]), golden(),
                                "mask/" + name + "/" + std::to_string(i)));
    }
  }
}

TEST(Blur, OfZeroChangesNothing) {
  const Image image = golden_image(golden(), "source/rgb");
  const Image mask = golden_image(golden(), "source/grey");
  EXPECT_EQ(box_blur(image, 0), image);
  EXPECT_EQ(gaussian_blur(image, 0), image);
  EXPECT_EQ(blur_mask(mask, 0, 0), mask);
}

TEST(Blur, KeepsAFlatPictureFlat) {
  const Image flat(40, 30, 3, 123);
  for (double radius : {0.7, 5.0, 100.0}) {
    EXPECT_EQ(box_blur(flat, radius), flat);
    EXPECT_EQ(gaussian_blur(flat, radius), flat);
  }
  EXPECT_EQ(blur_mask(Image(40, 30, 1, 255), 9, 4), Image(40, 30, 1, 255));
}

TEST(Blur, RefusesRadiiOutOfRange) {
  const Image image(4, 4, 1);
  EXPECT_THROW(box_blur(image, -1), Error);
  EXPECT_THROW(gaussian_blur(image, std::nan("")), Error);
  EXPECT_THROW(blur_mask(image, 1e9, 0), Error);
  EXPECT_THROW(blur_mask(Image(4, 4, 3), 1, 1), Error);
}

}  // namespace
}  // namespace pentimento
