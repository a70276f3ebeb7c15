#include "image/color.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "base/error.h"
#include "image/lab.h"

namespace pentimento {
namespace {

using Histogram = std::array<double, 256>;

void expect_rgb(const Image& image, const char* what) {
  if (image.channels == 3 && !image.empty()) return;
  throw Error(ErrorKind::InvalidArgument, std::string("colour matching: the ") + what + " has " +
                                              std::to_string(image.empty() ? 0 : image.channels) +
                                              " channels, expected 3");
}

// Share of the pixels of one channel that are at most v.
Histogram cumulative(const Image& image, size_t channel) {
  std::array<int64_t, 256> counts{};
  for (size_t i = channel; i < image.pixels.size(); i += 3) ++counts[image.pixels[i]];
  Histogram shares{};
  int64_t sum = 0;
  for (size_t v = 0; v < 256; ++v) {
    sum += counts[v];
    shares[v] = static_cast<double>(sum) / (static_cast<double>(image.pixels.size()) / 3);
  }
  return shares;
}

// For each value of the image, the value of the target at the same share, linear between those
// that occur there, truncated: skimage's match_histograms stored into 8 bits.
std::array<uint8_t, 256> matching(const Histogram& image, const Histogram& target) {
  std::vector<double> shares, values;
  for (size_t v = 0; v < 256; ++v) {
    if (target[v] > (v ? target[v - 1] : 0.0)) {
      shares.push_back(target[v]);
      values.push_back(static_cast<double>(v));
    }
  }
  std::array<uint8_t, 256> map{};
  for (size_t v = 0; v < 256; ++v) {
    const auto above = std::upper_bound(shares.begin(), shares.end(), image[v]);
    const auto j = static_cast<size_t>(above - shares.begin());
    double value = values.front();
    if (j == shares.size()) {
      value = values.back();
    } else if (j > 0 && shares[j - 1] == image[v]) {
      value = values[j - 1];
    } else if (j > 0) {
      const double slope = (values[j] - values[j - 1]) / (shares[j] - shares[j - 1]);
      value = slope * (image[v] - shares[j - 1]) + values[j - 1];
    }
    map[v] = static_cast<uint8_t>(value);
  }
  return map;
}

double luminosity(const double* rgb) { return rgb[0] * 0.299 + rgb[1] * 0.587 + rgb[2] * 0.114; }

// The W3C compositing specification's SetLum as the blendmodes package has it, in f64, truncated
// to 8 bits: colour and saturation of `color`, luminosity of `light`.
void blend_luminosity(const uint8_t* color, const uint8_t* light, uint8_t* out) {
  double c[3], l[3];
  for (int i = 0; i < 3; ++i) {
    c[i] = color[i] / 255.0;
    l[i] = light[i] / 255.0;
  }
  const double shift = luminosity(l) - luminosity(c);
  for (double& v : c) v += shift;
  const double lum = luminosity(c);
  const auto [least, most] = std::minmax({c[0], c[1], c[2]});
  for (double& v : c) {
    if (least < 0) v = lum + (v - lum) * lum / (lum - least);
    if (most > 1) v = lum + (v - lum) * (1 - lum) / (most - lum);
  }
  for (int i = 0; i < 3; ++i) out[i] = static_cast<uint8_t>(std::clamp(c[i], 0.0, 1.0) * 255);
}

struct Spread {
  double mean[3] = {}, deviation[3] = {};
  int64_t pixels = 0;
};

Spread spread(const Image& image, const Image& where) {
  Spread s;
  double squares[3] = {};
  for (size_t i = 0; i < where.pixels.size(); ++i) {
    if (where.pixels[i] == 0) continue;
    ++s.pixels;
    for (size_t c = 0; c < 3; ++c) {
      const double v = image.pixels[i * 3 + c];
      s.mean[c] += v;
      squares[c] += v * v;
    }
  }
  for (int c = 0; c < 3 && s.pixels > 0; ++c) {
    const auto n = static_cast<double>(s.pixels);
    s.mean[c] /= n;
    s.deviation[c] = std::sqrt(std::max(0.0, squares[c] / n - s.mean[c] * s.mean[c]));
  }
  return s;
}

}  // namespace

Image match_colors(const Image& image, const Image& target) {
  expect_rgb(image, "picture");
  expect_rgb(target, "target");
  Image lab = rgb_to_lab(image);
  const Image target_lab = rgb_to_lab(target);
  for (size_t c = 0; c < 3; ++c) {
    const auto map = matching(cumulative(lab, c), cumulative(target_lab, c));
    for (size_t i = c; i < lab.pixels.size(); i += 3) lab.pixels[i] = map[lab.pixels[i]];
  }
  Image out = lab_to_rgb(lab);
  for (size_t i = 0; i < out.pixels.size(); i += 3) {
    blend_luminosity(&out.pixels[i], &image.pixels[i], &out.pixels[i]);
  }
  return out;
}

Image match_tone(const Image& image, const Image& target, const Image& where) {
  expect_rgb(image, "picture");
  expect_rgb(target, "target");
  if (target.width != image.width || target.height != image.height || where.width != image.width ||
      where.height != image.height || where.channels != 1) {
    throw Error(ErrorKind::InvalidArgument,
                "tone matching: picture, target and mask must have one size, the mask 1 channel");
  }
  const Spread from = spread(image, where), to = spread(target, where);
  if (from.pixels < 64) return image;
  Image out = image;
  for (size_t c = 0; c < 3; ++c) {
    const double stretch = from.deviation[c] < 1 ? 1 : to.deviation[c] / from.deviation[c];
    const double gain = std::clamp(stretch, 0.8, 1.25);
    std::array<uint8_t, 256> map{};
    for (int v = 0; v < 256; ++v) {
      const double value = (v - from.mean[c]) * gain + to.mean[c];
      map[static_cast<size_t>(v)] = static_cast<uint8_t>(std::clamp(value + 0.5, 0.0, 255.0));
    }
    for (size_t i = c; i < out.pixels.size(); i += 3) out.pixels[i] = map[out.pixels[i]];
  }
  return out;
}

}  // namespace pentimento
