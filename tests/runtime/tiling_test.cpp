#include "runtime/tiling.h"

#include <gtest/gtest.h>

namespace pentimento {
namespace {

Tensor gradient(int64_t height, int64_t width) {
  Tensor t({1, 2, height, width});
  for (int64_t c = 0; c < 2; ++c)
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x)
        t.data[(c * height + y) * width + x] = static_cast<float>(c * 1000 + y * 10 + x);
  return t;
}

TEST(TileStarts, CoverTheLengthWithAtLeastTheOverlap) {
  for (int64_t length = 1; length < 700; ++length)
    for (const auto& [tile, overlap] : {std::pair<int64_t, int64_t>{96, 16}, {128, 16}, {10, 4}}) {
      const auto starts = tile_starts(length, tile, overlap);
      EXPECT_EQ(starts.front(), 0);
      if (length > tile) {
        EXPECT_EQ(starts.back() + tile, length);
      }
      for (size_t i = 1; i < starts.size(); ++i)
        EXPECT_GE(starts[i - 1] + tile - starts[i], overlap) << length;
    }
}

TEST(Feather, OppositeFadesOfNeighboursAddUpToOne) {
  const auto falling = feather(20, 0, 8), rising = feather(20, 8, 0);
  for (int i = 0; i < 8; ++i) EXPECT_NEAR(falling[12 + i] + rising[i], 1.0f, 1e-6);
  EXPECT_EQ(falling[0], 1.0f);
  EXPECT_EQ(rising[19], 1.0f);
}

TEST(RunTiled, GivesTheWholeToSmallPictures) {
  int calls = 0;
  const Tensor out = run_tiled(gradient(8, 8), {.whole_area = 64, .tile = 4, .overlap = 2}, {1, 1},
                               [&](const Tensor& t, int, int count) {
                                 ++calls;
                                 EXPECT_EQ(count, 1);
                                 return t;
                               });
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(out.data, gradient(8, 8).data);
}

TEST(RunTiled, IsTheIdentityForTheIdentity) {
  for (const auto& [h, w] : {std::pair<int64_t, int64_t>{33, 21}, {9, 50}, {50, 9}}) {
    const Tensor out = run_tiled(gradient(h, w), {.whole_area = 64, .tile = 12, .overlap = 4},
                                 {1, 1}, [](const Tensor& t, int, int) { return t; });
    ASSERT_EQ(out.shape, gradient(h, w).shape);
    for (size_t i = 0; i < out.size(); ++i) EXPECT_NEAR(out.data[i], gradient(h, w).data[i], 1e-3);
  }
}

TEST(RunTiled, ScalesUpAndDown) {
  const auto doubled = [](const Tensor& t, int, int) {
    Tensor out({1, 2, t.dim(2) * 2, t.dim(3) * 2});
    for (int64_t i = 0; i < static_cast<int64_t>(out.size()); ++i) {
      const int64_t x = i % out.dim(3), y = i / out.dim(3) % out.dim(2),
                    c = i / out.dim(2) / out.dim(3);
      out.data[i] = t.data[(c * t.dim(2) + y / 2) * t.dim(3) + x / 2];
    }
    return out;
  };
  const auto halved = [](const Tensor& t, int, int) {
    Tensor out({1, 2, t.dim(2) / 2, t.dim(3) / 2});
    for (int64_t i = 0; i < static_cast<int64_t>(out.size()); ++i) {
      const int64_t x = i % out.dim(3), y = i / out.dim(3) % out.dim(2),
                    c = i / out.dim(2) / out.dim(3);
      out.data[i] = t.data[(c * t.dim(2) + y * 2) * t.dim(3) + x * 2];
    }
    return out;
  };
  const Tiling tiling{.whole_area = 64, .tile = 12, .overlap = 4};
  const Tensor big = run_tiled(gradient(30, 21), tiling, {.in = 1, .out = 2}, doubled);
  EXPECT_EQ(big.shape, (Shape{1, 2, 60, 42}));
  const Tensor back = run_tiled(big, tiling, {.in = 2, .out = 1}, halved);
  for (size_t i = 0; i < back.size(); ++i)
    EXPECT_NEAR(back.data[i], gradient(30, 21).data[i], 1e-3);
}

}  // namespace
}  // namespace pentimento
