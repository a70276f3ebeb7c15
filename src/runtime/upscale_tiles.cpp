#include "runtime/upscale_tiles.h"

#include <algorithm>

#include "runtime/tiling.h"

namespace pentimento {

Pieces pieces_of(int total, int longest, int overlap, int step) {
  if (total <= longest) return {total, {0}};
  // n pieces of length l cover n * (l - overlap) + overlap.
  const int useful = std::max(step, longest - overlap);
  const int count = (total - overlap + useful - 1) / useful;
  const int even = (total + (count - 1) * overlap + count - 1) / count;
  Pieces pieces{.length = (even + step - 1) / step * step};
  for (int i = 0; i < count; ++i) {
    const int64_t last = total - pieces.length;
    pieces.begins.push_back(static_cast<int>(i * last / (count - 1)) / step * step);
  }
  return pieces;
}

std::vector<float> piece_weights(int length, int before, int after, int ramp) {
  // feather() ramps from the very end; here the ramp lies in the middle of the overlap.
  const auto side = [&](int overlap) {
    const int width = std::min(ramp, overlap);
    std::vector<float> weights(static_cast<size_t>((overlap - width) / 2), 0.0f);
    const auto rise = feather(2 * width, width, 0);
    weights.insert(weights.end(), rise.begin(), rise.begin() + width);
    return weights;
  };
  std::vector<float> weights(static_cast<size_t>(length), 1.0f);
  const auto first = side(before), last = side(after);
  // The two sides of an overlap mirror each other, also when it is an odd number of pixels wide.
  for (size_t i = 0; i < first.size() && i < weights.size(); ++i) weights[i] *= first[i];
  const size_t shift = static_cast<size_t>((after - std::min(ramp, after)) % 2);
  for (size_t i = 0; i < last.size() + shift && i < weights.size(); ++i)
    weights[weights.size() - 1 - i] *= i < shift ? 0.0f : last[i - shift];
  return weights;
}

PieceCanvas::PieceCanvas(int width, int height, int piece_height)
    : result_(width, height, 3),
      band_height_(piece_height),
      band_(static_cast<size_t>(piece_height) * static_cast<size_t>(width) * 3) {}

void PieceCanvas::settle(int rows) {
  const auto row = static_cast<size_t>(result_.width) * 3;
  const int done = std::min(rows, settled_ + band_height_) - settled_;
  for (int y = 0; y < done && settled_ + y < result_.height; ++y) {
    uint8_t* out = result_.at(0, settled_ + y);
    const float* in = band_.data() + static_cast<size_t>(y) * row;
    for (size_t i = 0; i < row; ++i)
      out[i] = static_cast<uint8_t>(std::clamp(in[i], 0.0f, 1.0f) * 255.0f + 0.5f);
  }
  const auto gone = static_cast<std::ptrdiff_t>(static_cast<size_t>(done) * row);
  std::fill(std::move(band_.begin() + gone, band_.end(), band_.begin()), band_.end(), 0.0f);
  settled_ += done;
}

void PieceCanvas::add(std::span<const float> planes, int x, int y, std::span<const float> weights_x,
                      std::span<const float> weights_y) {
  if (y > settled_) settle(y);
  const size_t plane = weights_x.size() * weights_y.size();
  const auto width = static_cast<size_t>(result_.width);
  const size_t columns = std::min(weights_x.size(), width - static_cast<size_t>(x));
  for (size_t v = 0; v < weights_y.size(); ++v) {
    float* out = band_.data() +
                 ((static_cast<size_t>(y - settled_) + v) * width + static_cast<size_t>(x)) * 3;
    const float* in = planes.data() + v * weights_x.size();
    for (size_t u = 0; u < columns; ++u)
      for (size_t c = 0; c < 3; ++c)
        out[3 * u + c] += weights_y[v] * weights_x[u] * in[c * plane + u];
  }
}

Image PieceCanvas::finish() && {
  settle(settled_ + band_height_);
  return std::move(result_);
}

}  // namespace pentimento
