#include "image/cutout.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "image/lab_grid.h"
#include "image/mask.h"
#include "image/morphology.h"
#include "image/resize.h"
#include "image/separation.h"

namespace pentimento {
namespace {

constexpr int kWorkSide_px = 768;  // longer side of the copy that is worked on
constexpr int kSmallest_px = 32;
constexpr double kPlainShare = 0.6;   // of the border that must fit the surface
constexpr double kPlainSpread = 9;    // in Lab, of what fits
constexpr double kMostUnsure = 0.12;  // of all pixels
constexpr double kSmallestShare = 0.01, kLargestShare = 0.97;
constexpr double kPartOfLargest = 0.08;  // smaller pieces are dust
constexpr int kBand_px = 5;              // on both sides of the edge, refined
constexpr int kAround_px = 12;           // where an edge pixel's colours are learnt
constexpr int kRounds = 3;

// --- what is not background ------------------------------------------------------------------

// Pixels that look like the background and are reached from the border through such pixels.
std::vector<bool> reached_from_border(const LabGrid& grid, const std::vector<bool>& similar) {
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
void drop_dust(const LabGrid& grid, std::vector<bool>& thing) {
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

Image as_mask(const LabGrid& grid, const std::vector<bool>& inside) {
  Image mask(grid.width, grid.height, 1);
  for (size_t i = 0; i < inside.size(); ++i) mask.pixels[i] = inside[i] ? 255 : 0;
  return mask;
}

// --- the edge --------------------------------------------------------------------------------

// Sums over any rectangle, of weighted colours and of the weights.
class Sums {
 public:
  Sums(const LabGrid& grid, const Image& where) : width_(grid.width + 1), height_(grid.height + 1) {
    sums_.resize(static_cast<size_t>(width_) * static_cast<size_t>(height_));
    for (int y = 0; y < grid.height; ++y)
      for (int x = 0; x < grid.width; ++x) {
        std::array<double, 4> here{};
        if (*where.at(x, y)) {
          const LabColour& colour = grid.lab[grid.at(x, y)];
          here = {colour[0], colour[1], colour[2], 1};
        }
        for (size_t c = 0; c < 4; ++c)
          cell(x + 1, y + 1)[c] = here[c] + cell(x, y + 1)[c] + cell(x + 1, y)[c] - cell(x, y)[c];
      }
  }
  // The mean within `radius`; none where there are fewer than 8 pixels.
  std::optional<LabColour> mean(int x, int y, int radius) {
    const int left = std::max(0, x - radius), right = std::min(width_ - 1, x + radius + 1);
    const int top = std::max(0, y - radius), bottom = std::min(height_ - 1, y + radius + 1);
    std::array<double, 4> sum{};
    for (size_t c = 0; c < 4; ++c)
      sum[c] =
          cell(right, bottom)[c] - cell(left, bottom)[c] - cell(right, top)[c] + cell(left, top)[c];
    if (sum[3] < 8) return {};
    return LabColour{sum[0] / sum[3], sum[1] / sum[3], sum[2] / sum[3]};
  }

 private:
  std::array<double, 4>& cell(int x, int y) {
    return sums_[static_cast<size_t>(y) * static_cast<size_t>(width_) + static_cast<size_t>(x)];
  }
  int width_, height_;
  std::vector<std::array<double, 4>> sums_;
};

// How far from the outer colour to the inner one the pixel's own lies: its share of the thing.
double share_between(const LabColour& pixel, const LabColour& outer, const LabColour& inner) {
  double along = 0, length = 0;
  for (size_t c = 0; c < 3; ++c) {
    along += (pixel[c] - outer[c]) * (inner[c] - outer[c]);
    length += (inner[c] - outer[c]) * (inner[c] - outer[c]);
  }
  return length > 0 ? along / length : 0;
}

Image refined_edge(const LabGrid& grid, Image mask) {
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
  const LabGrid grid = lab_grid_of(
      resize(to_rgb(picture), edge(picture.width), edge(picture.height), Filter::Bicubic));
  const PlainBackground background = fit_background(grid);
  if (background.share < kPlainShare || background.noise > kPlainSpread)
    return {{}, CutOutProblem::BorderNotPlain};

  auto [thing, unsure] = separate_from_background(grid, background);
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
