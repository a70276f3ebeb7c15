#include "image/canny.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/error.h"

namespace pentimento {
namespace {

struct Gradient {
  int dx = 0, dy = 0;
  int size() const { return std::abs(dx) + std::abs(dy); }
};

// Sobel at (x, y), the picture's edge pixels repeated outwards.
Gradient sobel(const Image& image, int x, int y, int channel) {
  const int left = std::max(x - 1, 0), right = std::min(x + 1, image.width - 1);
  const int up = std::max(y - 1, 0), down = std::min(y + 1, image.height - 1);
  const auto at = [&](int i, int j) { return static_cast<int>(image.at(i, j)[channel]); };
  return {.dx = at(right, up) - at(left, up) + 2 * (at(right, y) - at(left, y)) + at(right, down) -
                at(left, down),
          .dy = at(left, down) - at(left, up) + 2 * (at(x, down) - at(x, up)) + at(right, down) -
                at(right, up)};
}

// The gradient of each pixel, and their sizes with a border of zeros around.
struct Gradients {
  int stride;
  std::vector<Gradient> steepest;
  std::vector<int> sizes;

  explicit Gradients(const Image& image)
      : stride(image.width + 2),
        steepest(static_cast<size_t>(image.width) * static_cast<size_t>(image.height)),
        sizes(static_cast<size_t>(stride) * static_cast<size_t>(image.height + 2)) {
    for (int y = 0; y < image.height; ++y)
      for (int x = 0; x < image.width; ++x) {
        Gradient best = sobel(image, x, y, 0);
        for (int c = 1; c < image.channels; ++c)
          if (const Gradient g = sobel(image, x, y, c); g.size() > best.size()) best = g;
        steepest[index(x, y, image.width)] = best;
        sizes[bordered(x, y)] = best.size();
      }
  }
  static size_t index(int x, int y, int width) {
    return static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x);
  }
  size_t bordered(int x, int y) const { return index(x + 1, y + 1, stride); }
  int size(int x, int y) const { return sizes[bordered(x, y)]; }
};

// Whether (x, y) is a maximum across the edge. Directions are horizontal, vertical or diagonal,
// parted at tan 22.5 degrees in 15-bit fixed point.
bool is_maximum(const Gradients& g, const Gradient& here, int x, int y) {
  constexpr int kShift = 15, kTan22 = 13573;  // tan(22.5 degrees) * 2^15
  const int m = here.size();
  const auto dx = static_cast<int64_t>(std::abs(here.dx));
  const int64_t dy = static_cast<int64_t>(std::abs(here.dy)) << kShift;
  const int64_t tan22 = dx * kTan22, tan67 = tan22 + (dx << (kShift + 1));
  if (dy < tan22) return m > g.size(x - 1, y) && m >= g.size(x + 1, y);
  if (dy > tan67) return m > g.size(x, y - 1) && m >= g.size(x, y + 1);
  const int s = (here.dx ^ here.dy) < 0 ? -1 : 1;
  return m > g.size(x - s, y - 1) && m > g.size(x + s, y + 1);
}

}  // namespace

Image canny(const Image& image, double low, double high) {
  if (image.empty() || (image.channels != 1 && image.channels != 3))
    throw Error(
        ErrorKind::InvalidArgument,
        "edges of a picture of " + std::to_string(image.channels) + " channels, expected 1 or 3");
  if (low > high) std::swap(low, high);
  const int weak = static_cast<int>(std::floor(low)), strong = static_cast<int>(std::floor(high));
  const Gradients gradients(image);

  constexpr uint8_t kNone = 0, kCandidate = 1, kEdge = 255;
  Image edges(image.width, image.height, 1);
  std::vector<std::pair<int, int>> open;
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x) {
      const Gradient& here = gradients.steepest[Gradients::index(x, y, image.width)];
      if (here.size() <= weak || !is_maximum(gradients, here, x, y)) continue;
      *edges.at(x, y) = here.size() > strong ? kEdge : kCandidate;
      if (here.size() > strong) open.emplace_back(x, y);
    }

  // Candidates connected to an edge are edges.
  while (!open.empty()) {
    const auto [x, y] = open.back();
    open.pop_back();
    for (int j = std::max(y - 1, 0); j <= std::min(y + 1, image.height - 1); ++j)
      for (int i = std::max(x - 1, 0); i <= std::min(x + 1, image.width - 1); ++i) {
        if (*edges.at(i, j) != kCandidate) continue;
        *edges.at(i, j) = kEdge;
        open.emplace_back(i, j);
      }
  }
  for (uint8_t& pixel : edges.pixels)
    if (pixel == kCandidate) pixel = kNone;
  return edges;
}

}  // namespace pentimento
