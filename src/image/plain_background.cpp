#include "image/plain_background.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace pentimento {
namespace {

using Terms = std::array<double, 6>;

constexpr double kLeastNoise = 1.5;    // in Lab: JPEG's own
constexpr double kFarFromCommon = 27;  // in Lab: not the background, whatever its light
constexpr int kRounds = 5;

Terms terms_at(const LabGrid& grid, int x, int y) {
  const double u = 2.0 * x / grid.width - 1, v = 2.0 * y / grid.height - 1;
  return {1, u, v, u * u, u * v, v * v};
}

struct Sample {
  Terms terms;
  LabColour colour;
  bool used = true;
};

std::vector<Sample> border_of(const LabGrid& grid) {
  const int ring = border_width(grid);
  std::vector<Sample> border;
  for (int y = 0; y < grid.height; ++y)
    for (int x = 0; x < grid.width; ++x)
      if (x < ring || y < ring || x >= grid.width - ring || y >= grid.height - ring)
        border.push_back({terms_at(grid, x, y), grid.lab[grid.at(x, y)]});
  return border;
}

// Solves the 6x6 normal equations by elimination; a vanishing pivot leaves its term at 0.
Terms solve(std::array<Terms, 6> a, Terms b) {
  for (size_t i = 0; i < 6; ++i) {
    size_t best = i;
    for (size_t r = i + 1; r < 6; ++r)
      if (std::abs(a[r][i]) > std::abs(a[best][i])) best = r;
    std::swap(a[i], a[best]);
    std::swap(b[i], b[best]);
    if (std::abs(a[i][i]) < 1e-9) continue;
    for (size_t r = 0; r < 6; ++r) {
      if (r == i) continue;
      const double factor = a[r][i] / a[i][i];
      for (size_t c = i; c < 6; ++c) a[r][c] -= factor * a[i][c];
      b[r] -= factor * b[i];
    }
  }
  Terms x{};
  for (size_t i = 0; i < 6; ++i) x[i] = std::abs(a[i][i]) < 1e-9 ? 0 : b[i] / a[i][i];
  return x;
}

// The first fit is to the border's most common colour alone, else a garment that leaves the picture
// would bend the surface.
void use_the_common_colour(std::vector<Sample>& border) {
  LabColour median{};
  for (size_t c = 0; c < 3; ++c) {
    std::vector<double> values;
    for (const Sample& sample : border) values.push_back(sample.colour[c]);
    std::nth_element(values.begin(),
                     values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    median[c] = values[values.size() / 2];
  }
  for (Sample& sample : border) sample.used = distance(sample.colour, median) < kFarFromCommon;
}

LabColour surface_at(const PlainBackground& background, const Terms& terms) {
  LabColour colour{};
  for (size_t c = 0; c < 3; ++c)
    for (size_t i = 0; i < 6; ++i) colour[c] += background.surface[c][i] * terms[i];
  return colour;
}

}  // namespace

int border_width(const LabGrid& grid) {
  return std::max(2, std::min(grid.width, grid.height) * 3 / 100);
}

LabColour PlainBackground::at(const LabGrid& grid, int x, int y) const {
  return surface_at(*this, terms_at(grid, x, y));
}

PlainBackground fit_background(const LabGrid& grid) {
  std::vector<Sample> border = border_of(grid);
  use_the_common_colour(border);
  PlainBackground background;
  for (int round = 0; round < kRounds; ++round) {
    std::array<Terms, 6> normal{};
    std::array<Terms, 3> right{};
    size_t used = 0;
    for (const Sample& s : border) {
      if (!s.used) continue;
      ++used;
      for (size_t i = 0; i < 6; ++i) {
        for (size_t j = 0; j < 6; ++j) normal[i][j] += s.terms[i] * s.terms[j];
        for (size_t c = 0; c < 3; ++c) right[c][i] += s.terms[i] * s.colour[c];
      }
    }
    background.share = static_cast<double>(used) / static_cast<double>(border.size());
    if (used < 12) return background;
    for (size_t c = 0; c < 3; ++c) background.surface[c] = solve(normal, right[c]);
    double sum = 0;
    for (const Sample& s : border) {
      const double d = distance(s.colour, surface_at(background, s.terms));
      if (s.used) sum += d * d;
    }
    background.noise = std::sqrt(sum / static_cast<double>(used));
    const double limit = 3 * std::max(background.noise, kLeastNoise);
    for (Sample& s : border) s.used = distance(s.colour, surface_at(background, s.terms)) < limit;
  }
  return background;
}

}  // namespace pentimento
