#include "image/image.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "image/golden_image.h"

namespace pentimento {
namespace {

using testing::equals_golden;
using testing::Golden;
using testing::golden_image;

TEST(Image, FlattensAlphaAsPillowPastes) {
  const Golden golden("image_masks.safetensors");
  for (int i = 0; i < 4; ++i) {
    const std::string at = std::to_string(i) + "/";
    for (int background : {0, 77, 255}) {
      EXPECT_TRUE(equals_golden(
          to_rgb(golden_image(golden, at + "under"), static_cast<uint8_t>(background)), golden,
          at + "flat" + std::to_string(background)));
    }
  }
}

TEST(Image, HasPillowsLuminance) {
  const Golden golden("image_masks.safetensors");
  for (int i = 0; i < 4; ++i) {
    const std::string at = std::to_string(i) + "/";
    EXPECT_TRUE(equals_golden(to_grey(golden_image(golden, at + "under")), golden, at + "grey"));
  }
}

TEST(Image, GreyToRgbAndBackIsTheSame) {
  Image grey(256, 1, 1);
  for (int x = 0; x < 256; ++x) *grey.at(x, 0) = static_cast<uint8_t>(x);
  EXPECT_EQ(to_grey(to_rgb(grey)), grey);
  EXPECT_EQ(to_rgb(to_rgb(grey)), to_rgb(grey));
}

TEST(Image, RefusesOtherNumbersOfChannels) {
  EXPECT_THROW(to_rgb(Image(2, 2, 2)), Error);
  EXPECT_THROW(to_grey(Image(2, 2, 5)), Error);
}

}  // namespace
}  // namespace pentimento
