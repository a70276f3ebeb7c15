#include "image/separation.h"

#include <algorithm>
#include <cmath>

#include "image/guided_filter.h"

namespace pentimento {
namespace {

constexpr double kLeastNoise = 1.5;         // in Lab: JPEG's own
constexpr double kFarFromBackground = 2.5;  // deviations, for the first guess
constexpr int kRounds = 6;
constexpr double kUnsure = 0.15;      // likelihoods between this and 1 less this
constexpr double kGuideEpsilon = 30;  // variance in Lab below which there is no edge

// Colours counted in cells, softly: each pixel shares itself among the eight cells around it.
class Histogram {
 public:
  Histogram() : counts_(static_cast<size_t>(kCells * kCells * kCells), 0.02f) {}
  void add(const LabColour& colour) {
    visit(colour, [this](size_t cell, double weight) { counts_[cell] += weight; });
    total_ += 1;
  }
  double density(const LabColour& colour) const {
    double sum = 0;
    visit(colour, [&](size_t cell, double weight) { sum += weight * counts_[cell]; });
    return sum / std::max(1.0, total_);
  }

 private:
  static constexpr int kCells = 40;
  static constexpr double kCell = 5;  // of Lab

  template <typename Visitor>
  static void visit(const LabColour& colour, Visitor visitor) {
    std::array<int, 3> low{};
    std::array<double, 3> part{};
    for (size_t c = 0; c < 3; ++c) {
      const double at = std::clamp(colour[c] / kCell + kCells / 2.0, 0.0, kCells - 1.001);
      low[c] = static_cast<int>(at);
      part[c] = at - low[c];
    }
    for (int corner = 0; corner < 8; ++corner) {
      size_t cell = 0;
      double weight = 1;
      for (size_t c = 0; c < 3; ++c) {
        const int bit = (corner >> c) & 1;
        cell = cell * kCells + static_cast<size_t>(low[c] + bit);
        weight *= bit ? part[c] : 1 - part[c];
      }
      visitor(cell, weight);
    }
  }

  std::vector<double> counts_;
  double total_ = 0;
};

// Colours as differences from the background's surface; `thing` is a first guess and gets better:
// both sides' colours are counted, each pixel asks which of the two it more likely is of, and the
// answers are smoothed along the picture's edges.
// Returns how alike the two remain: the share of pixels that could be of either.
double separate(const LabGrid& grid, const std::vector<LabColour>& colours,
                const std::vector<bool>& fixed, std::vector<bool>& thing) {
  double unsure = 0;
  const int radius = std::max(2, std::max(grid.width, grid.height) / 90);
  for (int round = 0; round < kRounds; ++round) {
    Histogram inner, outer;
    LabColour inner_mean{}, outer_mean{};
    double inside = 0;
    for (size_t i = 0; i < colours.size(); ++i) {
      (thing[i] ? inner : outer).add(colours[i]);
      for (size_t c = 0; c < 3; ++c) (thing[i] ? inner_mean : outer_mean)[c] += colours[i][c];
      inside += thing[i];
    }
    const double outside = static_cast<double>(colours.size()) - inside;
    if (inside < 1 || outside < 1) return 0;
    LabColour apart{};  // from the mean of the outer colours to that of the inner ones
    for (size_t c = 0; c < 3; ++c) apart[c] = inner_mean[c] / inside - outer_mean[c] / outside;
    const double length = std::max(1e-3, distance(apart, LabColour{}));
    unsure = 0;
    Plane likely(colours.size()), guide(colours.size());
    for (size_t i = 0; i < colours.size(); ++i) {
      const double in = inner.density(colours[i]), out = outer.density(colours[i]);
      likely[i] = fixed[i] ? 0 : in / (in + out);
      unsure += likely[i] > kUnsure && likely[i] < 1 - kUnsure;
      for (size_t c = 0; c < 3; ++c) guide[i] += colours[i][c] * apart[c] / length;
    }
    const Plane smooth =
        guided_filter(likely, guide, grid.width, grid.height, radius, kGuideEpsilon);
    for (size_t i = 0; i < thing.size(); ++i) thing[i] = !fixed[i] && smooth[i] > 0.5;
  }
  return unsure / static_cast<double>(colours.size());
}

}  // namespace

Separation separate_from_background(const LabGrid& grid, const PlainBackground& background) {
  const double limit = kFarFromBackground * std::max(background.noise, kLeastNoise);
  const int ring = border_width(grid);
  std::vector<LabColour> colours(grid.lab.size());
  std::vector<bool> thing(grid.lab.size()), fixed(grid.lab.size());
  for (int y = 0; y < grid.height; ++y)
    for (int x = 0; x < grid.width; ++x) {
      const size_t i = grid.at(x, y);
      const LabColour wall = background.at(grid, x, y);
      for (size_t c = 0; c < 3; ++c) colours[i][c] = grid.lab[i][c] - wall[c];
      thing[i] = distance(grid.lab[i], wall) > limit;
      const bool at_border =
          x < ring || y < ring || x >= grid.width - ring || y >= grid.height - ring;
      fixed[i] = at_border && !thing[i];
    }
  const double unsure = separate(grid, colours, fixed, thing);
  return {std::move(thing), unsure};
}

}  // namespace pentimento
