#include "image/composite.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "image/golden_image.h"

namespace pentimento {
namespace {

using testing::equals_golden;
using testing::Golden;
using testing::golden_image;

struct Case {
  explicit Case(int i) : at(std::to_string(i) + "/") {}
  static const Golden& golden() {
    static const Golden golden("image_masks.safetensors");
    return golden;
  }
  Image image(const std::string& key) const { return golden_image(golden(), at + key); }
  ::testing::AssertionResult is(const Image& image, const std::string& key) const {
    return equals_golden(image, golden(), at + key);
  }
  std::string at;
};

TEST(Composite, MatchesPillow) {
  for (int i = 0; i < 4; ++i) {
    const Case c(i);
    const Image under = c.image("under"), over = c.image("over");
    EXPECT_TRUE(c.is(alpha_composite(under, over), "composite"));
    EXPECT_TRUE(c.is(blend_by_mask(under, over, c.image("mask")), "blend"));
    EXPECT_TRUE(c.is(premultiply(under), "premultiplied"));
    EXPECT_TRUE(c.is(unpremultiply(under), "unpremultiplied"));
  }
}

TEST(Composite, OpaqueCoversAndClearShows) {
  const Case c(0);
  const Image under = c.image("under");
  EXPECT_EQ(alpha_composite(under, Image(under.width, under.height, 4)), under);
  const Image opaque = with_alpha(under);
  EXPECT_EQ(alpha_composite(under, opaque), opaque);
}

TEST(Composite, AMaskOfZeroOrFullCopiesEveryBit) {
  const Case c(1);
  const Image under = c.image("under"), over = c.image("over");
  EXPECT_EQ(blend_by_mask(under, over, Image(under.width, under.height, 1, 0)), under);
  EXPECT_EQ(blend_by_mask(under, over, Image(under.width, under.height, 1, 255)), over);
}

TEST(Composite, PasteCropsToThePicture) {
  const Image red(3, 3, 1, 9);
  for (int x = -4; x <= 5; ++x) {
    for (int y = -4; y <= 5; ++y) {
      Image picture(5, 4, 1);
      paste(picture, red, x, y);
      for (int py = 0; py < 4; ++py) {
        for (int px = 0; px < 5; ++px) {
          const bool inside = px >= x && px < x + 3 && py >= y && py < y + 3;
          ASSERT_EQ(*picture.at(px, py), inside ? 9 : 0);
        }
      }
    }
  }
}

TEST(Composite, CropOfAPasteIsThePatch) {
  const Case c(2);
  const Image patch = c.image("tile");
  Image picture(100, 90, 3, 7);
  paste(picture, patch, 31, 22);
  EXPECT_EQ(crop(picture, {31, 22, 31 + patch.width, 22 + patch.height}), patch);
  EXPECT_EQ(crop(Image(2, 2, 1, 5), {-1, -1, 1, 1}).pixels, (std::vector<uint8_t>{0, 0, 0, 5}));
}

TEST(Composite, RefusesPicturesThatDoNotFitTogether) {
  Image picture(4, 4, 3);
  EXPECT_THROW(alpha_composite(Image(4, 4, 4), Image(4, 5, 4)), Error);
  EXPECT_THROW(alpha_composite(picture, picture), Error);
  EXPECT_THROW(premultiply(picture), Error);
  EXPECT_THROW(paste(picture, Image(2, 2, 4), 0, 0), Error);
  EXPECT_THROW(paste(picture, Image(2, 2, 3), 0, 0, Image(3, 2, 1)), Error);
  EXPECT_THROW(with_alpha(picture, Image(4, 4, 3)), Error);
  EXPECT_THROW(crop(picture, {2, 2, 2, 3}), Error);
}

}  // namespace
}  // namespace pentimento
