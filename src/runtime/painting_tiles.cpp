#include "runtime/painting_tiles.h"

#include <algorithm>

namespace pentimento {
namespace {

constexpr int kStride = 4;  // the networks halve their picture twice
constexpr int kSmallest = 32;

int round_up(int value) { return (value + kStride - 1) / kStride * kStride; }

// Reflection at both edges without repeating the edge: 2 1 0 1 2 3 3-1 …
int mirrored(int i, int length) {
  if (length == 1) return 0;
  const int period = 2 * (length - 1);
  i = ((i % period) + period) % period;
  return i < length ? i : period - i;
}

}  // namespace

int padded_length(int pixels) { return std::max(kSmallest, round_up(pixels)); }

std::vector<Cut> cut_axis(int length, int tile, int margin) {
  if (length <= tile) return {{0, length, 0, length}};
  // n tiles of t pixels cover n * (t - 2 * margin) + 2 * margin.
  tile = tile / kStride * kStride;
  const int inner = length - 2 * margin;
  const int count = (inner + tile - 2 * margin - 1) / (tile - 2 * margin);
  const int size = round_up((inner + count - 1) / count) + 2 * margin;
  std::vector<Cut> cuts;
  int kept = 0;
  for (int i = 0; i < count; ++i) {
    const int begin = std::min(i * (size - 2 * margin), length - size);
    const int keep_end = i + 1 == count ? length : begin + size - margin;
    cuts.push_back({begin, begin + size, kept, keep_end});
    kept = keep_end;
  }
  return cuts;
}

void fill_planes(std::span<float> planes, const Image& rgb, const Cut& x, const Cut& y) {
  const size_t plane = planes.size() / 3;
  size_t out = 0;
  for (int row = y.begin; row < y.end; ++row) {
    const int source_row = mirrored(row, rgb.height);
    for (int column = x.begin; column < x.end; ++column, ++out) {
      const uint8_t* pixel = rgb.at(mirrored(column, rgb.width), source_row);
      for (size_t c = 0; c < 3; ++c)
        planes[c * plane + out] = static_cast<float>(pixel[c]) / 255.0f;
    }
  }
}

void keep_planes(std::span<const float> planes, Image& rgb, const Cut& x, const Cut& y) {
  const size_t plane = planes.size() / 3;
  const size_t columns = static_cast<size_t>(x.end - x.begin);
  const int last_row = std::min(y.keep_end, rgb.height);
  const int last_column = std::min(x.keep_end, rgb.width);
  for (int row = y.keep_begin; row < last_row; ++row) {
    for (int column = x.keep_begin; column < last_column; ++column) {
      const size_t in =
          static_cast<size_t>(row - y.begin) * columns + static_cast<size_t>(column - x.begin);
      uint8_t* pixel = rgb.at(column, row);
      for (size_t c = 0; c < 3; ++c)
        pixel[c] =
            static_cast<uint8_t>(std::clamp(planes[c * plane + in], 0.0f, 1.0f) * 255.0f + 0.5f);
    }
  }
}

}  // namespace pentimento
