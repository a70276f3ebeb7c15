#include "pipelines/refine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "image/codec.h"
#include "image/resize.h"
#include "support/golden.h"

namespace pentimento {
namespace {

using ::testing::ElementsAre;
using testing::golden_path;
using ::testing::HasSubstr;

std::vector<std::pair<int, int>> corners(const std::vector<Region>& tiles) {
  std::vector<std::pair<int, int>> result;
  for (const Region& tile : tiles) result.emplace_back(tile.left, tile.top);
  return result;
}

Image photo(int width, int height) {
  const Image cat = to_rgb(read_picture(testing::source_path("examples/chelsea.png")).image);
  return resize(cat, width, height, Filter::Lanczos);
}

// cols = ceil((1024 - 64) / 448) = 3, dx = 512 / 2; rows = ceil((700 - 64) / 448) = 2.
TEST(SplitGrid, IsA1111s) {
  using P = std::pair<int, int>;
  EXPECT_THAT(corners(split_grid(1024, 700, 512, 512, 64)),
              ElementsAre(P{0, 0}, P{256, 0}, P{512, 0}, P{0, 188}, P{256, 188}, P{512, 188}));
  EXPECT_THAT(corners(split_grid(512, 512, 512, 512, 64)), ElementsAre(P{0, 0}));
  EXPECT_THAT(corners(split_grid(1000, 512, 512, 512, 64)),
              ElementsAre(P{0, 0}, P{244, 0}, P{488, 0}));
}

TEST(CombineGrid, PutsTogetherWhatWasSplit) {
  const Image whole = photo(150, 110);
  const auto tiles = split_grid(150, 110, 64, 48, 16);
  std::vector<Image> parts;
  int columns = 0;
  for (const Region& tile : tiles) {
    parts.push_back(crop(whole, tile));
    columns += tile.top == 0;
  }
  EXPECT_EQ(combine_grid(parts, tiles, columns, 16), whole);
}

TEST(CombineGrid, RampsLinearlyOverTheOverlap) {
  const auto tiles = split_grid(56, 32, 32, 32, 8);
  const Image joined = combine_grid({Image(32, 32, 3, 0), Image(32, 32, 3, 255)}, tiles, 2, 8);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(joined.at(24 + i, 5)[0], i * 255 / 8);
  EXPECT_EQ(joined.at(23, 5)[0], 0);
  EXPECT_EQ(joined.at(32, 5)[0], 255);
}

struct Painter {
  testing::TempDir cache;
  Runtime runtime{{.precision = Precision::F32, .threads = 2}};
  LoadedModel model = load_model(runtime, golden_path("pipelines_sd1"), {}, cache / "hashes", {});
};

Painter& painter() {
  static Painter shared;
  return shared;
}

class Refine : public ::testing::Test {
 protected:
  Refine() {
    request.image.prompt = "a cat";
    request.image.strength = 0.3;
    request.image.steps = 10;
    request.image.seed = 5;
    request.image.width = request.image.height = 64;
    request.overlap_px = 16;
  }
  RefinePlan plan() {
    return plan_refine(painter().model, request, picture.image.width, picture.image.height, 0,
                       nullptr);
  }
  Img2ImgPicture run(const Progress& progress = {}) {
    return run_refine(painter().model, request, plan(), picture, {}, progress);
  }
  // Image to image itself, of one part of the picture.
  Image tile_alone(const Region& region, uint64_t seed) {
    const InputImage tile{crop(picture.image, region), "x", "01"};
    Img2ImgRequest alone = request.image;
    alone.seed = seed;
    alone.width = region.width();
    alone.height = region.height();
    LoadedModel& model = painter().model;
    return run_img2img(model, alone, plan_img2img(model, alone, &tile, 0, nullptr), &tile, {}, {})
        .at(0)
        .image;
  }

  RefineRequest request;
  InputImage picture{photo(112, 64), "cat.png", "0123"};
};

TEST_F(Refine, OneTileIsImageToImage) {
  picture.image = photo(64, 64);
  request.match_colours = false;
  EXPECT_EQ(run().image, tile_alone({0, 0, 64, 64}, 5));
}

TEST_F(Refine, EveryTileHasASeedOfItsOwn) {
  request.match_colours = false;
  const Image result = run().image;
  EXPECT_EQ(crop(result, {0, 0, 48, 64}), crop(tile_alone({0, 0, 64, 64}, 5), {0, 0, 48, 64}));
  EXPECT_EQ(crop(result, {64, 0, 112, 64}), crop(tile_alone({48, 0, 112, 64}, 6), {16, 0, 64, 64}));
}

TEST_F(Refine, KeepsSizesThatAreNoMultiplesOfEight) {
  picture.image = photo(101, 43);
  const Img2ImgPicture made = run();
  EXPECT_EQ(made.image.width, 101);
  EXPECT_EQ(made.image.height, 43);
  EXPECT_EQ(made.seed, 5u);
}

TEST_F(Refine, MatchesColoursTileByTile) {
  const auto mean = [](const Image& image) {
    double sum = 0;
    for (const uint8_t value : image.pixels) sum += value;
    return sum / static_cast<double>(image.pixels.size());
  };
  request.match_colours = false;
  const double without = std::abs(mean(run().image) - mean(picture.image));
  request.match_colours = true;
  const double with = std::abs(mean(run().image) - mean(picture.image));
  EXPECT_LT(with, 3);
  EXPECT_LE(with, without + 0.5);
}

TEST_F(Refine, SaysAndRecordsWhatItDoes) {
  EXPECT_EQ(plan().describe(),
            "refines 112x64 in 2 tiles of 64x64, strength 0.30: 4 of 10 steps each");
  const Infotext info = run().infotext;
  EXPECT_EQ(info.prompt, "a cat");
  EXPECT_EQ(info.get("Size"), "112x64");
  EXPECT_EQ(info.get("SD upscale overlap"), "16");
  EXPECT_EQ(info.get("Tile size"), "64x64");
  EXPECT_EQ(info.get("Input"), "cat.png");
}

TEST_F(Refine, CountsEvaluationsAndStopsWhenCancelled) {
  std::vector<int> done;
  Progress progress;
  progress.report = [&](const ProgressEvent& event) {
    EXPECT_NE(event.stage, "denoise");
    if (event.stage == "refine") done.push_back(event.done);
  };
  run(progress);
  EXPECT_TRUE(std::is_sorted(done.begin(), done.end()));
  EXPECT_EQ(done.front(), 0);
  EXPECT_EQ(done.back(), 8);
  progress.report = [&](const ProgressEvent& event) {
    if (event.stage == "refine" && event.done == 5) progress.cancel.cancel();
  };
  try {
    run(progress);
    FAIL() << "was not cancelled";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::Cancelled);
  }
}

TEST_F(Refine, RefusesWhatCannotBe) {
  request.overlap_px = 4;
  request.image.batch = 2;
  request.image.strength = 2;
  EXPECT_THAT(problems_of(request),
              ElementsAre(HasSubstr("strength"), HasSubstr("overlap: 4"), HasSubstr("batch: 2")));
  request = {};
  request.image.width = 64;
  EXPECT_THAT(problems_of(request), ElementsAre(HasSubstr("tile: 64 pixels")));
  EXPECT_THROW(plan(), Error);
  request = {};
  const RefinePlan other = plan_refine(painter().model, request, 80, 80, 0, nullptr);
  EXPECT_THROW(run_refine(painter().model, request, other, picture, {}, {}), Error);
}

}  // namespace
}  // namespace pentimento
