#include "runtime/tiling.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>

namespace pentimento {
namespace {

struct Box {
  int64_t y, x, height, width;
};

Tensor crop(const Tensor& input, const Box& box) {
  const int64_t channels = input.dim(1), height = input.dim(2), width = input.dim(3);
  Tensor part({1, channels, box.height, box.width});
  auto out = part.data.begin();
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t y = 0; y < box.height; ++y) {
      const auto row = input.data.begin() + (c * height + box.y + y) * width + box.x;
      out = std::copy_n(row, box.width, out);
    }
  return part;
}

// How far the tile at starts[i] reaches into its neighbours before and after, in cells.
struct Fade {
  int64_t before = 0, after = 0;
};

Fade fade_of(const std::vector<int64_t>& starts, size_t i, int64_t tile) {
  Fade fade;
  if (i > 0) fade.before = starts[i - 1] + tile - starts[i];
  if (i + 1 < starts.size()) fade.after = starts[i] + tile - starts[i + 1];
  return fade;
}

// Weighted sums of tiles, divided in the end by the sum of their weights.
class Canvas {
 public:
  Canvas(int64_t channels, int64_t height, int64_t width)
      : sum_({1, channels, height, width}), weight_({height, width}) {}

  void add(const Tensor& tile, int64_t y0, int64_t x0, const std::vector<float>& rows,
           const std::vector<float>& columns) {
    const int64_t width = sum_.dim(3), tile_height = tile.dim(2), tile_width = tile.dim(3);
    for (int64_t y = 0; y < tile_height; ++y)
      for (int64_t x = 0; x < tile_width; ++x) {
        const int64_t at = (y0 + y) * width + x0 + x;
        const float weight = rows[y] * columns[x];
        weight_.data[at] += weight;
        for (int64_t c = 0; c < sum_.dim(1); ++c)
          sum_.data[c * plane() + at] += weight * tile.data[(c * tile_height + y) * tile_width + x];
      }
  }

  Tensor finish() && {
    for (int64_t c = 0; c < sum_.dim(1); ++c)
      for (int64_t i = 0; i < plane(); ++i) sum_.data[c * plane() + i] /= weight_.data[i];
    return std::move(sum_);
  }

 private:
  int64_t plane() const { return static_cast<int64_t>(weight_.size()); }
  Tensor sum_, weight_;
};

}  // namespace

std::vector<int64_t> tile_starts(int64_t length, int64_t tile, int64_t overlap) {
  if (length <= tile) return {0};
  const int64_t step = tile - overlap;
  const int64_t count = 1 + (length - tile + step - 1) / step;
  std::vector<int64_t> starts;
  for (int64_t i = 0; i < count; ++i) starts.push_back(i * (length - tile) / (count - 1));
  return starts;
}

std::vector<float> feather(int64_t length, int64_t fade_in, int64_t fade_out) {
  // Half a cosine wave: opposite fades of two neighbours add up to 1.
  auto rise = [](int64_t i, int64_t over) {
    const double t = (static_cast<double>(i) + 0.5) / static_cast<double>(over);
    return static_cast<float>(0.5 - 0.5 * std::cos(std::numbers::pi * t));
  };
  std::vector<float> weights(static_cast<size_t>(length), 1.0f);
  for (int64_t i = 0; i < length; ++i) {
    if (i < fade_in) weights[i] *= rise(i, fade_in);
    if (length - 1 - i < fade_out) weights[i] *= rise(length - 1 - i, fade_out);
  }
  return weights;
}

Tensor run_tiled(const Tensor& input, const Tiling& tiling, CellScale scale,
                 const std::function<Tensor(const Tensor&, int, int)>& run) {
  const int64_t height = input.dim(2) / scale.in, width = input.dim(3) / scale.in;
  if (height * width <= tiling.whole_area) return run(input, 0, 1);

  const int64_t tile_height = std::min(height, tiling.tile);
  const int64_t tile_width = std::min(width, tiling.tile);
  const std::vector<int64_t> ys = tile_starts(height, tile_height, tiling.overlap);
  const std::vector<int64_t> xs = tile_starts(width, tile_width, tiling.overlap);
  const int count = static_cast<int>(ys.size() * xs.size());
  std::unique_ptr<Canvas> canvas;
  int index = 0;
  for (size_t i = 0; i < ys.size(); ++i)
    for (size_t j = 0; j < xs.size(); ++j) {
      const Tensor tile = run(crop(input, {ys[i] * scale.in, xs[j] * scale.in,
                                           tile_height * scale.in, tile_width * scale.in}),
                              index++, count);
      if (!canvas)
        canvas = std::make_unique<Canvas>(tile.dim(1), height * scale.out, width * scale.out);
      const Fade down = fade_of(ys, i, tile_height), right = fade_of(xs, j, tile_width);
      canvas->add(tile, ys[i] * scale.out, xs[j] * scale.out,
                  feather(tile.dim(2), down.before * scale.out, down.after * scale.out),
                  feather(tile.dim(3), right.before * scale.out, right.after * scale.out));
    }
  return std::move(*canvas).finish();
}

}  // namespace pentimento
