#include "image/gradient_fit.h"

#include <algorithm>
#include <cstddef>

namespace pentimento {
namespace {

constexpr int kSweeps = 24;
constexpr float kOvershoot = 1.5f;  // of successive over-relaxation
constexpr float kEdge = 15;  // levels of 255: what lacks more is an edge, and stays one
constexpr int kSmallest = 4;        // pixels on a side

// Of each free pixel: (spring + neighbours) change - the neighbours' changes = wanted.
struct Grid {
  int width = 0, height = 0;
  std::vector<uint8_t> free;
  std::vector<float> wanted;  // four a pixel, the fourth unused
  float spring = 0;

  size_t index(int x, int y) const {
    return static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x);
  }
  template <typename Visit>
  void neighbours(int x, int y, Visit visit) const {  // nothing flows across the picture's border
    if (x > 0) visit(index(x - 1, y));
    if (x + 1 < width) visit(index(x + 1, y));
    if (y > 0) visit(index(x, y - 1));
    if (y + 1 < height) visit(index(x, y + 1));
  }
};

Grid grid_of(const GradientProblem& p) {
  Grid grid{.width = p.width, .height = p.height, .free = p.free, .wanted = {}, .spring = p.spring};
  grid.wanted.resize(p.colours.size());
  // What the pixel `from` and the next one lack of the difference asked for.
  const auto compare = [&](size_t from, size_t to, const float* difference) {
    if (difference[3] <= 0) return;
    float lack[3], squares = 0;
    for (size_t c = 0; c < 3; ++c) {
      lack[c] = difference[c] - (p.colours[to * 4 + c] - p.colours[from * 4 + c]);
      squares += lack[c] * lack[c];
    }
    const float edge = squares / (3 * kEdge * kEdge), heeded = 1 / (1 + edge * edge);
    for (size_t c = 0; c < 3; ++c) {
      grid.wanted[to * 4 + c] += heeded * lack[c];
      grid.wanted[from * 4 + c] -= heeded * lack[c];
    }
  };
  for (int y = 0; y < p.height; ++y)
    for (int x = 0; x < p.width; ++x) {
      const size_t i = grid.index(x, y);
      if (x + 1 < p.width) compare(i, grid.index(x + 1, y), &p.right[i * 4]);
      if (y + 1 < p.height) compare(i, grid.index(x, y + 1), &p.down[i * 4]);
    }
  return grid;
}

// Half the size: what four pixels want together. Free where all four are.
Grid halved(const Grid& fine) {
  Grid grid{.width = fine.width / 2, .height = fine.height / 2, .free = {}, .wanted = {},
            .spring = 4 * fine.spring};
  const size_t n = static_cast<size_t>(grid.width) * static_cast<size_t>(grid.height);
  grid.free.assign(n, 1);
  grid.wanted.assign(n * 4, 0);
  for (int y = 0; y < 2 * grid.height; ++y)
    for (int x = 0; x < 2 * grid.width; ++x) {
      const size_t to = grid.index(x / 2, y / 2), from = fine.index(x, y);
      grid.free[to] &= fine.free[from];
      for (size_t c = 0; c < 3; ++c) grid.wanted[to * 4 + c] += fine.wanted[from * 4 + c];
    }
  return grid;
}

void sweep(const Grid& grid, std::vector<float>& change) {
  for (int y = 0; y < grid.height; ++y)
    for (int x = 0; x < grid.width; ++x) {
      const size_t i = grid.index(x, y);
      if (!grid.free[i]) continue;
      float sum[3] = {grid.wanted[i * 4], grid.wanted[i * 4 + 1], grid.wanted[i * 4 + 2]};
      float weight = grid.spring;
      grid.neighbours(x, y, [&](size_t q) {
        for (size_t c = 0; c < 3; ++c) sum[c] += change[q * 4 + c];
        weight += 1;
      });
      for (size_t c = 0; c < 3; ++c)
        change[i * 4 + c] += kOvershoot * (sum[c] / weight - change[i * 4 + c]);
    }
}

std::vector<float> solve(const Grid& grid) {
  std::vector<float> change(grid.wanted.size());
  if (std::min(grid.width, grid.height) >= 2 * kSmallest) {
    const Grid coarse = halved(grid);
    const std::vector<float> start = solve(coarse);
    for (int y = 0; y < grid.height; ++y)
      for (int x = 0; x < grid.width; ++x) {
        const size_t i = grid.index(x, y);
        const size_t from = coarse.index(std::min(x / 2, coarse.width - 1),
                                         std::min(y / 2, coarse.height - 1));
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
