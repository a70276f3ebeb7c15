#include "image/cutout.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "image/lab.h"
#include "image/mask.h"
#include "image/morphology.h"
#include "image/resize.h"

namespace pentimento {
namespace {

constexpr int kWorkSide_px = 768;  // longer side of the copy that is worked on
constexpr int kSmallest_px = 32;
constexpr double kPlainShare = 0.6;         // of the border that must fit the surface
constexpr double kPlainSpread = 9;          // in Lab, of what fits
constexpr double kLeastNoise = 1.5;         // in Lab: JPEG's own
constexpr double kFarFromBackground = 2.5;  // deviations, for the first guess
constexpr int kSeparations = 6;
constexpr double kUnsure = 0.15;      // likelihoods between this and 1 less this
constexpr double kMostUnsure = 0.12;  // of all pixels
constexpr double kGuideEpsilon = 30;  // variance in Lab below which there is no edge
constexpr double kSmallestShare = 0.01, kLargestShare = 0.97;
constexpr double kPartOfLargest = 0.08;  // smaller pieces are dust
constexpr int kBand_px = 5;              // on both sides of the edge, refined
constexpr int kAround_px = 12;           // where an edge pixel's colours are learnt
constexpr int kRounds = 3;

using Colour = std::array<double, 3>;
using Terms = std::array<double, 6>;

struct Grid {
  int width = 0, height = 0;
  std::vector<Colour> lab;
  size_t at(int x, int y) const {
    return static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x);
  }
};

Grid grid_of(const Image& rgb) {
  const Image lab = rgb_to_lab(rgb);
  Grid grid{rgb.width, rgb.height, std::vector<Colour>(lab.pixels.size() / 3)};
  for (size_t i = 0; i < grid.lab.size(); ++i)
    grid.lab[i] = {lab.pixels[3 * i] * 100.0 / 255, lab.pixels[3 * i + 1] - 128.0,
                   lab.pixels[3 * i + 2] - 128.0};
  return grid;
}

// --- the background --------------------------------------------------------------------------

Terms terms_at(const Grid& grid, int x, int y) {
  const double u = 2.0 * x / grid.width - 1, v = 2.0 * y / grid.height - 1;
  return {1, u, v, u * u, u * v, v * v};
}

struct Sample {
  Terms terms;
  Colour colour;
  bool used = true;
};

std::vector<Sample> border_of(const Grid& grid) {
  const int ring = std::max(2, std::min(grid.width, grid.height) * 3 / 100);
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

struct Background {
  std::array<Terms, 3> surface{};
  double noise = 0;  // root mean square of what fits, over the three channels
  double share = 0;  // of the border that fits
  Colour at(const Terms& terms) const {
    Colour colour{};
    for (size_t c = 0; c < 3; ++c)
      for (size_t i = 0; i < 6; ++i) colour[c] += surface[c][i] * terms[i];
    return colour;
  }
};

double distance(const Colour& a, const Colour& b) {
  return std::sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
                   (a[2] - b[2]) * (a[2] - b[2]));
}

// The first fit is to the border's most common colour alone, else a garment that leaves the picture
// would bend the surface.
void use_the_common_colour(std::vector<Sample>& border) {
  Colour median{};
  for (size_t c = 0; c < 3; ++c) {
    std::vector<double> values;
    for (const Sample& sample : border) values.push_back(sample.colour[c]);
    std::nth_element(values.begin(),
                     values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    median[c] = values[values.size() / 2];
  }
  for (Sample& sample : border) sample.used = distance(sample.colour, median) < 3 * kPlainSpread;
}

Background fit_background(std::vector<Sample> border) {
  use_the_common_colour(border);
  Background background;
  for (int round = 0; round < 5; ++round) {
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
      const double d = distance(s.colour, background.at(s.terms));
      if (s.used) sum += d * d;
    }
    background.noise = std::sqrt(sum / static_cast<double>(used));
    const double limit = 3 * std::max(background.noise, kLeastNoise);
    for (Sample& s : border) s.used = distance(s.colour, background.at(s.terms)) < limit;
  }
  return background;
}

// --- two colour models -----------------------------------------------------------------------

// Colours counted in cells, softly: each pixel shares itself among the eight cells around it.
class Histogram {
 public:
  Histogram() : counts_(static_cast<size_t>(kCells * kCells * kCells), 0.02f) {}
  void add(const Colour& colour) {
    visit(colour, [this](size_t cell, double weight) { counts_[cell] += weight; });
    total_ += 1;
  }
  double density(const Colour& colour) const {
    double sum = 0;
    visit(colour, [&](size_t cell, double weight) { sum += weight * counts_[cell]; });
    return sum / std::max(1.0, total_);
  }

 private:
  static constexpr int kCells = 40;
  static constexpr double kCell = 5;  // of Lab

  template <typename Visitor>
  static void visit(const Colour& colour, Visitor visitor) {
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

using Plane = std::vector<double>;

// The mean over a square of 2 * radius + 1 pixels, as far as it lies in the picture.
Plane box_mean(const Plane& values, int width, int height, int radius) {
  const auto stride = static_cast<size_t>(width) + 1;
  Plane sums(stride * (static_cast<size_t>(height) + 1));
  for (int y = 0; y < height; ++y) {
    double row = 0;
    for (int x = 0; x < width; ++x) {
      row += values[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)];
      const size_t i = (static_cast<size_t>(y) + 1) * stride + static_cast<size_t>(x) + 1;
      sums[i] = row + sums[i - stride];
    }
  }
  Plane means(values.size());
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const auto left = static_cast<size_t>(std::max(0, x - radius));
      const auto right = static_cast<size_t>(std::min(width, x + radius + 1));
      const auto top = static_cast<size_t>(std::max(0, y - radius)) * stride;
      const auto bottom = static_cast<size_t>(std::min(height, y + radius + 1)) * stride;
      const double area =
          static_cast<double>(right - left) * static_cast<double>((bottom - top) / stride);
      means[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)] =
          (sums[bottom + right] - sums[bottom + left] - sums[top + right] + sums[top + left]) /
          area;
    }
  return means;
}

// The guided filter (He, Sun and Tang 2010, https://kaiminghe.github.io/eccv10/): smooths `values`
// but not across edges of `guide`.
Plane guided(const Plane& values, const Plane& guide, int width, int height, int radius,
             double epsilon) {
  const auto mean = [&](const Plane& plane) { return box_mean(plane, width, height, radius); };
  Plane product(values.size()), square(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    product[i] = values[i] * guide[i];
    square[i] = guide[i] * guide[i];
  }
  const Plane mean_value = mean(values), mean_guide = mean(guide);
  Plane slope = mean(product), offset = mean(square);
  for (size_t i = 0; i < values.size(); ++i) {
    const double variance = offset[i] - mean_guide[i] * mean_guide[i];
    slope[i] = (slope[i] - mean_guide[i] * mean_value[i]) / (variance + epsilon);
    offset[i] = mean_value[i] - slope[i] * mean_guide[i];
  }
  slope = mean(slope);
  offset = mean(offset);
  for (size_t i = 0; i < values.size(); ++i) slope[i] = slope[i] * guide[i] + offset[i];
  return slope;
}

// Colours as differences from the background's surface; `thing` is a first guess and gets better:
// both sides' colours are counted, each pixel asks which of the two it more likely is of, and the
// answers are smoothed along the picture's edges.
// Returns how alike the two remain: the share of pixels that could be of either.
double separate(const Grid& grid, const std::vector<Colour>& colours,
                const std::vector<bool>& fixed, std::vector<bool>& thing) {
  double unsure = 0;
  const int radius = std::max(2, std::max(grid.width, grid.height) / 90);
  for (int round = 0; round < kSeparations; ++round) {
    Histogram inner, outer;
    Colour inner_mean{}, outer_mean{};
    double inside = 0;
    for (size_t i = 0; i < colours.size(); ++i) {
      (thing[i] ? inner : outer).add(colours[i]);
      for (size_t c = 0; c < 3; ++c) (thing[i] ? inner_mean : outer_mean)[c] += colours[i][c];
      inside += thing[i];
    }
    const double outside = static_cast<double>(colours.size()) - inside;
    if (inside < 1 || outside < 1) return 0;
    unsure = 0;
    Plane likely(colours.size()), guide(colours.size());
    for (size_t i = 0; i < colours.size(); ++i) {
      const double in = inner.density(colours[i]), out = outer.density(colours[i]);
      likely[i] = fixed[i] ? 0 : in / (in + out);
      unsure += likely[i] > kUnsure && likely[i] < 1 - kUnsure;
      for (size_t c = 0; c < 3; ++c)  // along the line that tells the two apart best
        guide[i] += colours[i][c] * (inner_mean[c] / inside - outer_mean[c] / outside);
    }
    Colour apart{};
    for (size_t c = 0; c < 3; ++c) apart[c] = inner_mean[c] / inside - outer_mean[c] / outside;
    const double length = std::max(1e-3, distance(apart, Colour{}));
    for (double& value : guide) value /= length;
    const Plane smooth = guided(likely, guide, grid.width, grid.height, radius, kGuideEpsilon);
    for (size_t i = 0; i < thing.size(); ++i) thing[i] = !fixed[i] && smooth[i] > 0.5;
  }
  return unsure / static_cast<double>(colours.size());
}

// --- what is not background ------------------------------------------------------------------

// Pixels that look like the background and are reached from the border through such pixels.
std::vector<bool> reached_from_border(const Grid& grid, const std::vector<bool>& similar) {
  std::vector<bool> reached(similar.size());
  std::vector<std::pair<int, int>> open;
  const auto visit = [&](int x, int y) {
    if (x < 0 || y < 0 || x >= grid.width || y >= grid.height) return;
    const size_t i = grid.at(x, y);
    if (!similar[i] || reached[i]) return;
    reached[i] = true;
    open.emplace_back(x, y);
  };
  for (int x = 0; x < grid.width; ++x) {
    visit(x, 0);
    visit(x, grid.height - 1);
  }
  for (int y = 0; y < grid.height; ++y) {
    visit(0, y);
    visit(grid.width - 1, y);
  }
  while (!open.empty()) {
    const auto [x, y] = open.back();
    open.pop_back();
    visit(x - 1, y);
    visit(x + 1, y);
    visit(x, y - 1);
    visit(x, y + 1);
  }
  return reached;
}

// Without pieces much smaller than the largest.
void drop_dust(const Grid& grid, std::vector<bool>& thing) {
  std::vector<int> piece(thing.size(), -1);
  std::vector<size_t> sizes;
  for (size_t start = 0; start < thing.size(); ++start) {
    if (!thing[start] || piece[start] >= 0) continue;
    std::vector<size_t> open{start};
    const int number = static_cast<int>(sizes.size());
    piece[start] = number;
    sizes.push_back(0);
    while (!open.empty()) {
      const size_t i = open.back();
      open.pop_back();
      ++sizes.back();
      const int x = static_cast<int>(i % static_cast<size_t>(grid.width));
      const int y = static_cast<int>(i / static_cast<size_t>(grid.width));
      for (const auto& [u, v] : {std::pair{x - 1, y}, {x + 1, y}, {x, y - 1}, {x, y + 1}}) {
        if (u < 0 || v < 0 || u >= grid.width || v >= grid.height) continue;
        const size_t next = grid.at(u, v);
        if (!thing[next] || piece[next] >= 0) continue;
        piece[next] = number;
        open.push_back(next);
      }
    }
  }
  if (sizes.empty()) return;
  const double least =
      kPartOfLargest * static_cast<double>(*std::max_element(sizes.begin(), sizes.end()));
  for (size_t i = 0; i < thing.size(); ++i)
    if (thing[i] && static_cast<double>(sizes[static_cast<size_t>(piece[i])]) < least)
      thing[i] = false;
}

Image as_mask(const Grid& grid, const std::vector<bool>& inside) {
  Image mask(grid.width, grid.height, 1);
  for (size_t i = 0; i < inside.size(); ++i) mask.pixels[i] = inside[i] ? 255 : 0;
  return mask;
}

// --- the edge --------------------------------------------------------------------------------

// Sums over any rectangle, of weighted colours and of the weights.
class Sums {
 public:
  Sums(const Grid& grid, const Image& where) : width_(grid.width + 1), height_(grid.height + 1) {
    sums_.resize(static_cast<size_t>(width_) * static_cast<size_t>(height_));
    for (int y = 0; y < grid.height; ++y)
      for (int x = 0; x < grid.width; ++x) {
        std::array<double, 4> here{};
        if (*where.at(x, y)) {
          const Colour& colour = grid.lab[grid.at(x, y)];
          here = {colour[0], colour[1], colour[2], 1};
        }
        for (size_t c = 0; c < 4; ++c)
          cell(x + 1, y + 1)[c] = here[c] + cell(x, y + 1)[c] + cell(x + 1, y)[c] - cell(x, y)[c];
      }
  }
  // The mean within `radius`; none where there are fewer than 8 pixels.
  std::optional<Colour> mean(int x, int y, int radius) {
    const int left = std::max(0, x - radius), right = std::min(width_ - 1, x + radius + 1);
    const int top = std::max(0, y - radius), bottom = std::min(height_ - 1, y + radius + 1);
    std::array<double, 4> sum{};
    for (size_t c = 0; c < 4; ++c)
      sum[c] =
          cell(right, bottom)[c] - cell(left, bottom)[c] - cell(right, top)[c] + cell(left, top)[c];
    if (sum[3] < 8) return {};
    return Colour{sum[0] / sum[3], sum[1] / sum[3], sum[2] / sum[3]};
  }

 private:
  std::array<double, 4>& cell(int x, int y) {
    return sums_[static_cast<size_t>(y) * static_cast<size_t>(width_) + static_cast<size_t>(x)];
  }
  int width_, height_;
  std::vector<std::array<double, 4>> sums_;
};

// How far from the outer colour to the inner one the pixel's own lies: its share of the thing.
double share_between(const Colour& pixel, const Colour& outer, const Colour& inner) {
  double along = 0, length = 0;
  for (size_t c = 0; c < 3; ++c) {
    along += (pixel[c] - outer[c]) * (inner[c] - outer[c]);
    length += (inner[c] - outer[c]) * (inner[c] - outer[c]);
  }
  return length > 0 ? along / length : 0;
}

Image refined_edge(const Grid& grid, Image mask) {
  for (int round = 0; round < kRounds; ++round) {
    const Image hard = binarised(mask);
    const Image inside = shrink(hard, kBand_px), touched = grow(hard, kBand_px);
    Sums inner(grid, inside), outer(grid, inverted(touched));
    for (int y = 0; y < grid.height; ++y)
      for (int x = 0; x < grid.width; ++x) {
        uint8_t& here = *mask.at(x, y);
        if (*inside.at(x, y) || !*touched.at(x, y)) {
          here = *inside.at(x, y);
          continue;
        }
        const auto in = inner.mean(x, y, kAround_px), out = outer.mean(x, y, kAround_px);
        // Thin straps have no inside to learn from, and like colours cannot be told apart.
        if (!in || !out || distance(*in, *out) < 6) continue;
        const double share = share_between(grid.lab[grid.at(x, y)], *out, *in);
        const double sharper = (share - 0.5) * 1.3 + 0.5;
        here = static_cast<uint8_t>(std::lround(255 * std::clamp(sharper, 0.0, 1.0)));
      }
  }
  return mask;
}

struct Separated {
  std::vector<bool> thing;
  double unsure;
};

Separated separated(const Grid& grid, const Background& background) {
  const double limit = kFarFromBackground * std::max(background.noise, kLeastNoise);
  const int ring = std::max(2, std::min(grid.width, grid.height) * 3 / 100);
  std::vector<Colour> colours(grid.lab.size());
  std::vector<bool> thing(grid.lab.size()), fixed(grid.lab.size());
  for (int y = 0; y < grid.height; ++y)
    for (int x = 0; x < grid.width; ++x) {
      const size_t i = grid.at(x, y);
      const Colour wall = background.at(terms_at(grid, x, y));
      for (size_t c = 0; c < 3; ++c) colours[i][c] = grid.lab[i][c] - wall[c];
      thing[i] = distance(grid.lab[i], wall) > limit;
      const bool at_border =
          x < ring || y < ring || x >= grid.width - ring || y >= grid.height - ring;
      fixed[i] = at_border && !thing[i];
    }
  const double unsure = separate(grid, colours, fixed, thing);
  return {std::move(thing), unsure};
}

CutOut measured(Image mask) {
  CutOut result{.mask = std::move(mask)};
  if (const auto box = bounding_box(binarised(result.mask))) result.box = *box;
  double sum = 0;
  for (const uint8_t value : result.mask.pixels) sum += value / 255.0;
  result.share = sum / static_cast<double>(result.mask.pixels.size());
  return result;
}

}  // namespace

std::string describe(CutOutProblem problem) {
  const std::string advice = "; give a mask of the garment (white on black) with it";
  switch (problem) {
    case CutOutProblem::TooSmall:
      return "the picture is smaller than 32 pixels on a side" + advice;
    case CutOutProblem::BorderNotPlain:
      return "the garment's background is not plain" + advice;
    case CutOutProblem::LooksLikeBackground:
      return "the garment and its background have the same colours" + advice;
    case CutOutProblem::FillsEverything:
      return "the garment fills the whole picture" + advice;
    case CutOutProblem::NothingFound:
      break;
  }
  return "no garment was found before the background" + advice;
}

std::optional<CutOut> cut_out_of_mask(const Image& mask) {
  CutOut result = measured(mask_from_image(mask, MaskRounding::Keep));
  if (result.box.width() < 1) return {};
  return result;
}

CutOutResult cut_out_from_plain(const Image& picture) {
  if (std::min(picture.width, picture.height) < kSmallest_px) return {{}, CutOutProblem::TooSmall};
  if (picture.channels == 4) {
    Image alpha(picture.width, picture.height, 1);
    for (size_t i = 0; i < alpha.pixels.size(); ++i) alpha.pixels[i] = picture.pixels[4 * i + 3];
    if (*std::min_element(alpha.pixels.begin(), alpha.pixels.end()) < 255) {
      CutOut by_alpha = measured(std::move(alpha));
      if (by_alpha.box.width() < 1) return {{}, CutOutProblem::NothingFound};
      return {std::move(by_alpha), {}};
    }
  }
  const double scale =
      std::min(1.0, static_cast<double>(kWorkSide_px) / std::max(picture.width, picture.height));
  const auto edge = [scale](int length) {
    return std::max(1, static_cast<int>(std::lround(length * scale)));
  };
  const Grid grid =
      grid_of(resize(to_rgb(picture), edge(picture.width), edge(picture.height), Filter::Bicubic));
  const Background background = fit_background(border_of(grid));
  if (background.share < kPlainShare || background.noise > kPlainSpread)
    return {{}, CutOutProblem::BorderNotPlain};

  auto [thing, unsure] = separated(grid, background);
  if (unsure > kMostUnsure) return {{}, CutOutProblem::LooksLikeBackground};
  std::vector<bool> similar = thing;
  similar.flip();
  thing = reached_from_border(grid, similar);
  thing.flip();
  drop_dust(grid, thing);
  const Image mask = refined_edge(grid, as_mask(grid, thing));
  CutOut result = measured(mask.width == picture.width && mask.height == picture.height
                               ? mask
                               : resize(mask, picture.width, picture.height, Filter::Bilinear));
  if (result.share < kSmallestShare || result.box.width() < 1)
    return {{}, CutOutProblem::NothingFound};
  if (result.share > kLargestShare) return {{}, CutOutProblem::FillsEverything};
  return {std::move(result), {}};
}

}  // namespace pentimento
