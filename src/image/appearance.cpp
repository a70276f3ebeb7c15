#include "image/appearance.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "image/colour_names.h"
#include "image/lab_grid.h"
#include "image/resize.h"

namespace pentimento {
namespace {

constexpr int kSeenAt_px = 512;      // longer side at which sharpness is judged
constexpr int kPaletteSide_px = 96;  // longer side for the palette
constexpr size_t kPaletteColours = 6;
constexpr int kRounds = 12;    // of k-means
constexpr double kAlike = 12;  // distance in Lab below which two colours are one
constexpr double kSmallestShare = 0.02;

double luma(const uint8_t* rgb) { return (0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]) / 255; }

Image fitted(const Image& image, int side, Filter filter) {
  const double scale = static_cast<double>(side) / std::max(image.width, image.height);
  if (scale >= 1) return image;
  const auto edge = [scale](int length) {
    return std::max(1, static_cast<int>(std::lround(length * scale)));
  };
  return resize(image, edge(image.width), edge(image.height), filter);
}

// The visible pixels of a small copy.
struct Sample {
  std::vector<std::array<uint8_t, 3>> rgb;
  std::vector<LabColour> lab;
};

Sample sample_of(const Image& image) {
  const Image small = fitted(image, kPaletteSide_px, Filter::Box);
  const Image rgb = to_rgb(small);
  const LabGrid grid = lab_grid_of(rgb);
  Sample sample;
  for (size_t i = 0; i < rgb.pixels.size() / 3; ++i) {
    if (small.channels == 4 && small.pixels[4 * i + 3] < 128) continue;
    sample.rgb.push_back({rgb.pixels[3 * i], rgb.pixels[3 * i + 1], rgb.pixels[3 * i + 2]});
    sample.lab.push_back(grid.lab[i]);
  }
  return sample;
}

// k-means in Lab. The first centre is the mean, each further one the pixel farthest from those
// there are: no chance in it.
struct Clusters {
  std::vector<LabColour> centres;
  std::vector<size_t> of;  // for each pixel
};

size_t nearest_centre(const std::vector<LabColour>& centres, const LabColour& colour) {
  size_t best = 0;
  for (size_t k = 1; k < centres.size(); ++k)
    if (distance(centres[k], colour) < distance(centres[best], colour)) best = k;
  return best;
}

std::vector<LabColour> first_centres(const std::vector<LabColour>& pixels) {
  LabColour mean{};
  for (const LabColour& p : pixels)
    for (size_t c = 0; c < 3; ++c) mean[c] += p[c] / static_cast<double>(pixels.size());
  std::vector<LabColour> centres{mean};
  std::vector<double> far(pixels.size(), std::numeric_limits<double>::max());
  while (centres.size() < kPaletteColours + 2) {
    for (size_t i = 0; i < pixels.size(); ++i)
      far[i] = std::min(far[i], distance(pixels[i], centres.back()));
    const auto farthest = std::max_element(far.begin(), far.end());
    if (*farthest < kAlike) break;
    centres.push_back(pixels[static_cast<size_t>(farthest - far.begin())]);
  }
  return centres;
}

Clusters clusters_of(const std::vector<LabColour>& pixels) {
  Clusters clusters{first_centres(pixels), std::vector<size_t>(pixels.size())};
  for (int round = 0; round < kRounds; ++round) {
    std::vector<LabColour> sums(clusters.centres.size(), LabColour{});
    std::vector<double> counts(clusters.centres.size());
    for (size_t i = 0; i < pixels.size(); ++i) {
      const size_t k = clusters.of[i] = nearest_centre(clusters.centres, pixels[i]);
      for (size_t c = 0; c < 3; ++c) sums[k][c] += pixels[i][c];
      ++counts[k];
    }
    for (size_t k = 0; k < sums.size(); ++k)
      if (counts[k] > 0)
        for (size_t c = 0; c < 3; ++c) clusters.centres[k][c] = sums[k][c] / counts[k];
  }
  return clusters;
}

std::vector<PaletteColour> palette_of(const Sample& sample) {
  const Clusters clusters = clusters_of(sample.lab);
  std::vector<std::array<double, 4>> sums(clusters.centres.size());  // R G B count
  for (size_t i = 0; i < sample.rgb.size(); ++i) {
    auto& sum = sums[clusters.of[i]];
    for (size_t c = 0; c < 3; ++c) sum[c] += sample.rgb[i][c];
    ++sum[3];
  }
  std::vector<PaletteColour> palette;
  for (const auto& sum : sums) {
    const double share = sum[3] / static_cast<double>(sample.rgb.size());
    if (share < kSmallestShare) continue;
    const auto mean = [&](size_t c) { return static_cast<uint8_t>(std::lround(sum[c] / sum[3])); };
    palette.push_back({{mean(0), mean(1), mean(2)}, share});
  }
  std::stable_sort(palette.begin(), palette.end(),
                   [](const auto& a, const auto& b) { return a.share > b.share; });
  if (palette.size() > kPaletteColours) palette.resize(kPaletteColours);
  return palette;
}

struct Spread {
  double mean = 0, deviation = 0;
};
Spread spread_of(const std::vector<double>& values) {
  Spread spread;
  for (const double v : values) spread.mean += v / static_cast<double>(values.size());
  for (const double v : values)
    spread.deviation += (v - spread.mean) * (v - spread.mean) / static_cast<double>(values.size());
  spread.deviation = std::sqrt(spread.deviation);
  return spread;
}

double colourfulness_of(const Sample& sample) {
  std::vector<double> red_green, yellow_blue;
  for (const auto& [r, g, b] : sample.rgb) {
    red_green.push_back((r - g) / 255.0);
    yellow_blue.push_back((0.5 * (r + g) - b) / 255.0);
  }
  const Spread rg = spread_of(red_green), yb = spread_of(yellow_blue);
  return std::hypot(rg.deviation, yb.deviation) + 0.3 * std::hypot(rg.mean, yb.mean);
}

// Variation between neighbours against variation over the whole.
double sharpness_of(const Image& image) {
  const Image seen = to_rgb(fitted(image, kSeenAt_px, Filter::Box));
  std::vector<double> lumas;
  for (size_t i = 0; i < seen.pixels.size(); i += 3) lumas.push_back(luma(&seen.pixels[i]));
  const auto at = [&](int x, int y) {
    return lumas[static_cast<size_t>(y) * static_cast<size_t>(seen.width) + static_cast<size_t>(x)];
  };
  double fine = 0;
  int64_t count = 0;
  for (int y = 1; y + 1 < seen.height; ++y)
    for (int x = 1; x + 1 < seen.width; ++x, ++count) {
      const double laplacian =
          at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4 * at(x, y);
      fine += laplacian * laplacian / 20;  // 1 for white noise: 1 + 1 + 1 + 1 + 16
    }
  const double whole = spread_of(lumas).deviation;
  if (count == 0 || whole < 1e-3) return 0;
  return std::min(1.0, fine / static_cast<double>(count) / (whole * whole));
}

}  // namespace

Appearance measure_appearance(const Image& image) {
  if (image.empty()) throw Error(ErrorKind::InvalidArgument, "the picture is empty");
  Appearance result{.width = image.width, .height = image.height};
  Sample sample = sample_of(image);
  if (sample.rgb.empty()) sample = sample_of(to_rgb(image));  // nothing to be seen: its paper
  std::vector<double> lumas;
  for (const auto& rgb : sample.rgb) lumas.push_back(luma(rgb.data()));
  const Spread light = spread_of(lumas);
  result.brightness = light.mean;
  result.contrast = light.deviation;
  result.colourfulness = colourfulness_of(sample);
  for (const LabColour& lab : sample.lab)
    result.warmth += lab[2] / 128 / static_cast<double>(sample.lab.size());
  result.sharpness = sharpness_of(image);
  result.palette = palette_of(sample);
  return result;
}

std::vector<Word> appearance_words(const Appearance& a) {
  std::vector<Word> words;
  if (a.brightness < 0.25) words.push_back({"dark", "昏暗"});
  if (a.brightness > 0.75) words.push_back({"bright", "明亮"});
  if (a.contrast < 0.12) words.push_back({"low contrast", "低对比度"});
  if (a.contrast > 0.30) words.push_back({"high contrast", "高对比度"});
  if (a.colourfulness < 0.03)
    words.push_back({"monochrome", "单色"});
  else if (a.colourfulness < 0.15)
    words.push_back({"muted colours", "柔和色彩"});
  else if (a.colourfulness > 0.40)
    words.push_back({"vivid colours", "鲜艳色彩"});
  if (a.colourfulness >= 0.03 && a.warmth > 0.08) words.push_back({"warm tones", "暖色调"});
  if (a.colourfulness >= 0.03 && a.warmth < -0.08) words.push_back({"cool tones", "冷色调"});
  if (a.sharpness < 0.0015) words.push_back({"soft focus", "柔焦"});
  if (a.sharpness > 0.03) words.push_back({"rich in detail", "细节丰富"});
  return words;
}

}  // namespace pentimento
