#include "image/morphology.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/error.h"
#include "image/mask.h"

namespace pentimento {
namespace {

void check(const Image& mask, int px) {
  if (mask.channels != 1) {
    throw Error(ErrorKind::InvalidArgument,
                "mask has " + std::to_string(mask.channels) + " channels, expected 1");
  }
  if (px < 0 || px > 4096) {
    throw Error(ErrorKind::InvalidArgument,
                "mask distance is " + std::to_string(px) + " px, expected 0 to 4096");
  }
}

// Running maximum over a window of 2*px+1 (van Herk, Gil and Werman): each window spans at most
// two blocks of its own length, so it is the larger of a maximum up to its end from the block's
// start and one from its start up to the block's end. `line` holds px zeros before and after.
void running_max(const std::vector<uint8_t>& line, size_t window, uint8_t* out, size_t count,
                 size_t out_step) {
  std::vector<uint8_t> forward(line), backward(line);
  for (size_t i = 1; i < line.size(); ++i) {
    if (i % window) forward[i] = std::max(forward[i], forward[i - 1]);
  }
  for (size_t i = line.size() - 1; i-- > 0;) {
    if ((i + 1) % window) backward[i] = std::max(backward[i], backward[i + 1]);
  }
  for (size_t i = 0; i < count; ++i) {
    out[i * out_step] = std::max(backward[i], forward[i + window - 1]);
  }
}

// Squared distance along one line to the cells where `cost` is small: the lower envelope of
// parabolas (Felzenszwalb and Huttenlocher, "Distance Transforms of Sampled Functions").
void lower_envelope(std::vector<double>& cost) {
  const size_t n = cost.size();
  std::vector<size_t> site(n);
  std::vector<double> from(n + 1);
  const auto meet = [&](size_t a, size_t b) {
    const auto x = static_cast<double>(a), y = static_cast<double>(b);
    return (cost[b] + y * y - cost[a] - x * x) / (2 * (y - x));
  };
  size_t last = 0;
  from[0] = -INFINITY;
  for (size_t q = 1; q < n; ++q) {
    double at = meet(site[last], q);
    while (last > 0 && at <= from[last]) at = meet(site[--last], q);
    site[++last] = q;
    from[last] = at;
  }
  from[last + 1] = INFINITY;
  std::vector<double> result(n);
  for (size_t q = 0, k = 0; q < n; ++q) {
    while (from[k + 1] < static_cast<double>(q)) ++k;
    const double d = static_cast<double>(q) - static_cast<double>(site[k]);
    result[q] = d * d + cost[site[k]];
  }
  cost = std::move(result);
}

constexpr double kFar = 1e12;  // larger than any squared distance, small enough to stay exact

// Squared Euclidean distance of each pixel to the nearest one with a value of at least 128.
std::vector<double> squared_distance(const Image& mask) {
  const auto width = static_cast<size_t>(mask.width), height = static_cast<size_t>(mask.height);
  std::vector<double> distance(width * height);
  std::transform(mask.pixels.begin(), mask.pixels.end(), distance.begin(),
                 [](uint8_t v) { return v >= 128 ? 0.0 : kFar; });
  std::vector<double> line(height);
  for (size_t x = 0; x < width; ++x) {
    for (size_t y = 0; y < height; ++y) line[y] = distance[y * width + x];
    lower_envelope(line);
    for (size_t y = 0; y < height; ++y) distance[y * width + x] = line[y];
  }
  line.resize(width);
  for (size_t y = 0; y < height; ++y) {
    std::copy_n(&distance[y * width], width, line.begin());
    lower_envelope(line);
    std::copy(line.begin(), line.end(), &distance[y * width]);
  }
  return distance;
}

}  // namespace

Image grow(const Image& mask, int px) {
  check(mask, px);
  if (px == 0 || mask.empty()) return mask;
  const auto reach = static_cast<size_t>(px);
  const auto width = static_cast<size_t>(mask.width), height = static_cast<size_t>(mask.height);
  Image out = mask;
  std::vector<uint8_t> line(width + 2 * reach);
  for (size_t y = 0; y < height; ++y) {
    uint8_t* row = &out.pixels[y * width];
    std::copy_n(row, width, &line[reach]);
    running_max(line, 2 * reach + 1, row, width, 1);
  }
  line.assign(height + 2 * reach, 0);
  for (size_t x = 0; x < width; ++x) {
    for (size_t y = 0; y < height; ++y) line[reach + y] = out.pixels[y * width + x];
    running_max(line, 2 * reach + 1, &out.pixels[x], height, width);
  }
  return out;
}

Image shrink(const Image& mask, int px) { return inverted(grow(inverted(mask), px)); }

Image feather(const Image& mask, int px) {
  check(mask, px);
  Image out = mask;
  const std::vector<double> distance = squared_distance(mask);
  for (size_t i = 0; i < distance.size(); ++i) {
    const double d = std::sqrt(distance[i]);
    const double ramp = d > px ? 0 : 255 * (1 - d / (px + 1));
    out.pixels[i] = static_cast<uint8_t>(std::lround(ramp));
  }
  return out;
}

Image ring(const Image& mask, int px) {
  Image out = grow(mask, px);
  for (size_t i = 0; i < out.pixels.size(); ++i) {
    out.pixels[i] = mask.pixels[i] == 0 && out.pixels[i] != 0 ? 255 : 0;
  }
  return out;
}

}  // namespace pentimento
