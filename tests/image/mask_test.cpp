#include "image/mask.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/error.h"
#include "image/fill.h"
#include "image/golden_image.h"
#include "image/morphology.h"
#include "image/overlay.h"
#include "image/resize.h"

namespace pentimento {
namespace {

using testing::equals_golden;
using testing::Golden;
using testing::golden_image;

const Golden& golden() {
  static const Golden golden("image_masks.safetensors");
  return golden;
}

std::string key(int i, const std::string& what) { return std::to_string(i) + "/" + what; }
Image mask_of(int i) { return golden_image(golden(), key(i, "mask")); }
Image rgb_of(int i) {
  const Image rgba = golden_image(golden(), key(i, "under"));
  return resize_image(rgba, rgba.width, rgba.height, ResizeMode::Stretch);  // drops alpha
}

Image random_mask(int width, int height, unsigned seed, int one_in) {
  std::mt19937 random(seed);
  Image mask(width, height, 1);
  for (uint8_t& v : mask.pixels) v = random() % static_cast<unsigned>(one_in) == 0 ? 255 : 0;
  return mask;
}

TEST(Mask, IsTheAlphaChannelWhereThereIsOne) {
  Image image(3, 1, 4, 255);
  image.pixels[3] = 128;
  image.pixels[7] = 129;
  EXPECT_EQ(mask_from_image(image, MaskRounding::Keep).pixels,
            (std::vector<uint8_t>{128, 129, 255}));
  EXPECT_EQ(mask_from_image(image, MaskRounding::Round).pixels,
            (std::vector<uint8_t>{0, 255, 255}));
}

TEST(Mask, IsTheUnroundedLuminanceOtherwise) {
  Image opaque(2, 1, 4, 255);
  opaque.pixels[0] = opaque.pixels[1] = opaque.pixels[2] = 100;
  EXPECT_EQ(mask_from_image(opaque, MaskRounding::Round).pixels, (std::vector<uint8_t>{100, 255}));
  const Image grey(2, 2, 1, 77);
  EXPECT_EQ(mask_from_image(grey, MaskRounding::Round), grey);
}

TEST(Mask, InvertedTwiceIsItself) { EXPECT_EQ(inverted(inverted(mask_of(0))), mask_of(0)); }

TEST(Mask, DoublingReplacesFullyFromTheMiddleOn) {
  Image mask(4, 1, 1);
  mask.pixels = {0, 60, 128, 255};
  EXPECT_EQ(doubled(mask).pixels, (std::vector<uint8_t>{0, 120, 255, 255}));
  EXPECT_EQ(binarised(mask).pixels, (std::vector<uint8_t>{0, 0, 0, 255}));
}

TEST(Mask, BoundingBoxHoldsEveryTouchedPixel) {
  Image mask(9, 7, 1);
  EXPECT_EQ(bounding_box(mask), std::nullopt);
  *mask.at(3, 2) = 1;
  EXPECT_EQ(bounding_box(mask), (Region{3, 2, 4, 3}));
  *mask.at(8, 6) = 255;
  *mask.at(0, 4) = 9;
  EXPECT_EQ(bounding_box(mask), (Region{0, 2, 9, 7}));
}

TEST(Mask, CropRegionMatchesA1111) {
  const auto cases = golden().integers("crop/cases");
  for (size_t i = 0; i < cases.size(); i += 13) {
    const auto at = [&](size_t k) { return static_cast<int>(cases[i + k]); };
    Image mask(at(0), at(1), 1);
    *mask.at(at(2), at(3)) = 255;
    *mask.at(at(4) - 1, at(5) - 1) = 255;
    EXPECT_EQ(crop_region(mask, at(6), at(7), at(8)), (Region{at(9), at(10), at(11), at(12)}))
        << "case " << i / 13;
  }
}

TEST(Mask, CropRegionStaysInsideThePictureAndHoldsTheMask) {
  std::mt19937 random(4);
  for (int i = 0; i < 500; ++i) {
    const int w = 1 + static_cast<int>(random() % 90), h = 1 + static_cast<int>(random() % 90);
    Image mask(w, h, 1);
    mask.pixels[random() % mask.pixels.size()] = 255;
    mask.pixels[random() % mask.pixels.size()] = 255;
    const Region box = *bounding_box(mask);
    const Region crop =
        *crop_region(mask, static_cast<int>(random() % 50), 8 + static_cast<int>(random() % 999),
                     8 + static_cast<int>(random() % 999));
    EXPECT_TRUE(crop.left >= 0 && crop.top >= 0 && crop.right <= w && crop.bottom <= h);
    EXPECT_TRUE(crop.left <= box.left && crop.top <= box.top && crop.right >= box.right &&
                crop.bottom >= box.bottom);
  }
}

TEST(Mask, CropRegionOfABlankMaskIsNone) {
  EXPECT_EQ(crop_region(Image(8, 8, 1), 4, 64, 64), std::nullopt);
  EXPECT_THROW(crop_region(Image(8, 8, 1), -1, 64, 64), Error);
  EXPECT_THROW(crop_region(Image(8, 8, 1), 1, 0, 64), Error);
  EXPECT_NO_THROW(crop_region(Image(8, 8, 1, 255), 2'000'000'000, 64, 64));
}

TEST(Mask, LatentMaskMatchesA1111) {
  for (int i = 0; i < 4; ++i) {
    const Image mask = mask_of(i);
    const int w = std::max(mask.width / 8, 1), h = std::max(mask.height / 8, 1);
    const Tensor soft = latent_mask(mask, w, h, MaskRounding::Keep);
    EXPECT_EQ(soft.shape, (Shape{h, w}));
    EXPECT_EQ(soft.data, golden().tensor(key(i, "latent")).data);
    EXPECT_EQ(latent_mask(mask, w, h, MaskRounding::Round).data,
              golden().tensor(key(i, "latent_rounded")).data);
  }
}

TEST(Mask, RefusesPicturesOfSeveralChannels) {
  const Image rgb(4, 4, 3);
  EXPECT_THROW(inverted(rgb), Error);
  EXPECT_THROW(bounding_box(rgb), Error);
  EXPECT_THROW(latent_mask(rgb, 1, 1, MaskRounding::Keep), Error);
  EXPECT_THROW(grow(rgb, 1), Error);
  EXPECT_THROW(feather(rgb, 1), Error);
  EXPECT_THROW(grow(Image(4, 4, 1), -1), Error);
  EXPECT_THROW(feather(Image(4, 4, 1), 5000), Error);
}

TEST(Morphology, GrowsAndShrinksAsPillowsRankFilters) {
  for (int i = 0; i < 4; ++i) {
    for (int px : {1, 3, 8}) {
      EXPECT_TRUE(
          equals_golden(grow(mask_of(i), px), golden(), key(i, "grown" + std::to_string(px))));
      EXPECT_TRUE(
          equals_golden(shrink(mask_of(i), px), golden(), key(i, "shrunk" + std::to_string(px))));
    }
    EXPECT_EQ(grow(mask_of(i), 0), mask_of(i));
  }
}

TEST(Morphology, GrowingInTwoStepsIsGrowingAtOnce) {
  const Image mask = random_mask(50, 41, 8, 60);
  EXPECT_EQ(grow(grow(mask, 3), 4), grow(mask, 7));
  EXPECT_EQ(grow(mask, 500), Image(50, 41, 1, 255));
}

TEST(Morphology, FeatherFallsLinearlyWithTheDistance) {
  const Image mask = random_mask(37, 29, 9, 150);
  const int px = 6;
  const Image soft = feather(mask, px);
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x) {
      double nearest = 1e9;  // the naive way
      for (int v = 0; v < mask.height; ++v) {
        for (int u = 0; u < mask.width; ++u) {
          if (*mask.at(u, v)) nearest = std::min(nearest, std::hypot(u - x, v - y));
        }
      }
      const double ramp = nearest > px ? 0 : 255 * (1 - nearest / (px + 1));
      ASSERT_EQ(*soft.at(x, y), std::lround(ramp)) << x << "," << y;
    }
  }
}

TEST(Morphology, FeatherOfNothingIsNothing) {
  EXPECT_EQ(feather(Image(9, 9, 1), 4), Image(9, 9, 1));
  EXPECT_EQ(feather(Image(9, 9, 1, 255), 4), Image(9, 9, 1, 255));
}

TEST(Morphology, TheRingIsOutsideTheMaskAndNearIt) {
  Image mask(11, 11, 1);
  *mask.at(5, 5) = 1;
  const Image around = ring(mask, 2);
  EXPECT_EQ(bounding_box(around), (Region{3, 3, 8, 8}));
  EXPECT_EQ(*around.at(5, 5), 0);
}

TEST(Overlay, MatchesA1111) {
  for (int i = 0; i < 4; ++i) {
    const Image overlay = make_overlay(rgb_of(i), mask_of(i));
    EXPECT_TRUE(equals_golden(overlay, golden(), key(i, "overlay")));
    const Region region{1, 2, overlay.width - 2, overlay.height - 1};
    EXPECT_TRUE(
        equals_golden(apply_overlay(golden_image(golden(), key(i, "tile")), overlay, region),
                      golden(), key(i, "pasted")));
  }
}

TEST(Overlay, PixelsOutsideTheMaskAreBitIdentical) {
  for (int i = 0; i < 4; ++i) {
    const Image original = rgb_of(i), mask = mask_of(i);
    const Image other(original.width, original.height, 3, 91);
    const Image out = apply_overlay(other, make_overlay(original, mask));
    ASSERT_EQ(out.channels, 3);
    for (size_t p = 0; p < mask.pixels.size(); ++p) {
      for (size_t c = 0; c < 3; ++c) {
        const uint8_t value = out.pixels[p * 3 + c];
        if (mask.pixels[p] == 0) {
          ASSERT_EQ(value, original.pixels[p * 3 + c]);
        }
        if (mask.pixels[p] == 255) {
          ASSERT_EQ(value, 91);
        }
      }
    }
  }
}

TEST(Fill, MatchesA1111) {
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(equals_golden(fill_masked(rgb_of(i), mask_of(i)), golden(), key(i, "fill")));
  }
}

TEST(Fill, PrefillMatchesTheBoxBlurCascade) {
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(equals_golden(blur_fill(rgb_of(i), mask_of(i)), golden(), key(i, "prefill")));
  }
}

TEST(Fill, KeepsWhatIsNotMasked) {
  const Image image = rgb_of(0), mask = binarised(mask_of(0));
  const Image filled = fill_masked(image, mask), blurred = blur_fill(image, mask);
  for (size_t p = 0; p < mask.pixels.size(); ++p) {
    for (size_t c = 0; c < 3 && mask.pixels[p] == 0; ++c) {
      ASSERT_EQ(filled.pixels[p * 3 + c], image.pixels[p * 3 + c]);
      ASSERT_EQ(blurred.pixels[p * 3 + c], image.pixels[p * 3 + c]);
    }
  }
}

}  // namespace
}  // namespace pentimento
