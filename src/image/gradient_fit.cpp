#include "image/gradient_fit.h"

#include <algorithm>
#include <cstddef>

namespace pentimento {
namespace {

constexpr int kSweeps = 24;
constexpr float kOvershoot = 1.5f;  // of successive over-relaxation
constexpr float kEdge = 15;         // levels of 255: what lacks more is an edge, and stays one
constexpr int kSmallest = 4;        // pixels on a side

// What the difference to the pixel to the right and to the one below lacks, and how the changes are
// found that make up for it. Where nothing is free nothing changes.
struct Grid {
  int width = 0, height = 0;
  std::vector<uint8_t> free;
  std::vector<float> right, down;  // four a pixel, the fourth unused
  float spring = 0;

  Grid(int w, int h, float pull) : width(w), height(h), spring(pull) {
    const size_t n = static_cast<size_t>(w) * static_cast<size_t>(h);
    free.assign(n, 1);
    right.assign(n * 4, 0);
    down.assign(n * 4, 0);
  }
  size_t index(int x, int y) const {
    return static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x);
  }
};

void compare(const GradientProblem& p, size_t from, size_t to, const float* asked, float* lack) {
  if (asked[3] <= 0) return;
  float squares = 0;
  for (size_t c = 0; c < 3; ++c) {
    lack[c] = asked[c] - (p.colours[to * 4 + c] - p.colours[from * 4 + c]);
    squares += lack[c] * lack[c];
  }
  const float edge = squares / (3 * kEdge * kEdge);
  for (size_t c = 0; c < 3; ++c) lack[c] /= 1 + edge * edge;
}

Grid grid_of(const GradientProblem& p) {
  Grid grid(p.width, p.height, p.spring);
  grid.free = p.free;
  for (int y = 0; y < p.height; ++y)
    for (int x = 0; x < p.width; ++x) {
      const size_t i = grid.index(x, y);
      if (x + 1 < p.width) compare(p, i, i + 1, &p.right[i * 4], &grid.right[i * 4]);
      if (y + 1 < p.height) compare(p, i, grid.index(x, y + 1), &p.down[i * 4], &grid.down[i * 4]);
    }
  return grid;
}

// Half the size: what is lacking from the middle of two by two pixels to the middle of the next.
Grid halved(const Grid& fine) {
  Grid grid(fine.width / 2, fine.height / 2, 4 * fine.spring);
  const auto take = [&](std::vector<float>& to, size_t i, const std::vector<float>& from, int x,
                        int y, float share) {
    if (x >= fine.width || y >= fine.height) return;
    for (size_t c = 0; c < 3; ++c) to[i * 4 + c] += share * from[fine.index(x, y) * 4 + c];
  };
  for (int y = 0; y < grid.height; ++y)
    for (int x = 0; x < grid.width; ++x) {
      const size_t i = grid.index(x, y);
      for (const int k : {0, 1}) {
        for (const int along : {0, 1, 2}) {
          const float share = along == 1 ? 0.5f : 0.25f;
          take(grid.right, i, fine.right, 2 * x + along, 2 * y + k, share);
          take(grid.down, i, fine.down, 2 * x + k, 2 * y + along, share);
        }
        for (const int l : {0, 1}) grid.free[i] &= fine.free[fine.index(2 * x + k, 2 * y + l)];
      }
    }
  return grid;
}

void sweep(const Grid& grid, std::vector<float>& change) {
  const auto row = static_cast<size_t>(grid.width);
  for (int y = 0; y < grid.height; ++y)
    for (int x = 0; x < grid.width; ++x) {
      const size_t i = grid.index(x, y);
      if (!grid.free[i]) continue;
      float sum[3] = {}, weight = grid.spring;
      const auto ask = [&](size_t neighbour, const float* lack, float sign) {
        for (size_t c = 0; c < 3; ++c) sum[c] += change[neighbour * 4 + c] + sign * lack[c];
        weight += 1;
      };
      if (x > 0) ask(i - 1, &grid.right[(i - 1) * 4], 1);  // nothing flows across the border
      if (x + 1 < grid.width) ask(i + 1, &grid.right[i * 4], -1);
      if (y > 0) ask(i - row, &grid.down[(i - row) * 4], 1);
      if (y + 1 < grid.height) ask(i + row, &grid.down[i * 4], -1);
      for (size_t c = 0; c < 3; ++c)
        change[i * 4 + c] += kOvershoot * (sum[c] / weight - change[i * 4 + c]);
    }
}

std::vector<float> solve(const Grid& grid) {
  std::vector<float> change(grid.right.size());
  if (std::min(grid.width, grid.height) >= 2 * kSmallest) {
    const Grid coarse = halved(grid);
    const std::vector<float> start = solve(coarse);
    for (int y = 0; y < grid.height; ++y)
      for (int x = 0; x < grid.width; ++x) {
        const size_t i = grid.index(x, y);
        const size_t from =
            coarse.index(std::min(x / 2, coarse.width - 1), std::min(y / 2, coarse.height - 1));
        if (grid.free[i]) std::copy_n(&start[from * 4], 3, &change[i * 4]);
      }
  }
  for (int k = 0; k < kSweeps; ++k) sweep(grid, change);
  return change;
}

}  // namespace

std::vector<float> fit_gradients(const GradientProblem& problem) {
  std::vector<float> colours = solve(grid_of(problem));
  for (size_t i = 0; i < colours.size(); ++i) colours[i] += problem.colours[i];
  return colours;
}

}  // namespace pentimento
