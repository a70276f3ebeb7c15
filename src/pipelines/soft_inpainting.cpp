#include "pipelines/soft_inpainting.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "image/blur.h"

namespace pentimento {
namespace {

constexpr int kReach = 2;            // the window is 5x5
constexpr double kSpread = 1.5;      // of the bell, in latent pixels
constexpr double kLeastWidth = 1.0;  // of the share that is averaged, in units of weight
constexpr double kBlurRadiusPx = 4;

// exp(-r²/1.5²), moved and stretched so that it is 1 in the middle and 0 at r = 3.
double bell(int dx, int dy) {
  const auto raw = [](double squared) { return std::exp(-squared / (kSpread * kSpread)); };
  const double zero = raw((kReach + 1.0) * (kReach + 1.0));
  return std::max(0.0, (raw(dx * dx + dy * dy) - zero) / (1 - zero));
}

struct Weighted {
  double value, weight;
};

// The mean of what lies between the two shares of the stacked weights.
double mean_between(std::vector<Weighted>& stack, double from, double to) {
  std::stable_sort(stack.begin(), stack.end(),
                   [](const Weighted& a, const Weighted& b) { return a.value < b.value; });
  double total = 0;
  for (const Weighted& item : stack) total += item.weight;
  double low = total * from, high = total * to;
  if (high - low < kLeastWidth) {
    const double middle = (low + high) / 2;
    low = middle - kLeastWidth / 2;
    high = middle + kLeastWidth / 2;
    if (high > total) {
      high = total;
      low = total - kLeastWidth;
    }
    if (low < 0) {
      low = 0;
      high = kLeastWidth;
    }
  }
  double sum = 0, weight = 0, begin = 0;
  for (const Weighted& item : stack) {
    const double end = begin + item.weight;
    const double shared = std::min(end, high) - std::max(begin, low);
    if (shared > 0) {
      sum += item.value * shared;
      weight += shared;
    }
    begin = end;
  }
  return weight > 0 ? sum / weight : 0;
}

// Euclidean distance across the channels, [h,w].
Tensor distance(const Tensor& a, const Tensor& b) {
  Tensor result({a.dim(2), a.dim(3)});
  const size_t plane = result.size();
  for (size_t i = 0; i < plane; ++i) {
    double sum = 0;
    for (size_t at = i; at < a.size(); at += plane) {
      const double d = static_cast<double>(a.data[at]) - b.data[at];
      sum += d * d;
    }
    result.data[i] = static_cast<float>(std::sqrt(sum));
  }
  return result;
}

double smootherstep(double x) { return x * x * x * (x * (6 * x - 15) + 10); }

}  // namespace

Tensor percentile_filter(const Tensor& map, double from, double to) {
  const auto height = static_cast<int>(map.dim(0)), width = static_cast<int>(map.dim(1));
  Tensor result(map.shape);
  std::vector<Weighted> stack;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      stack.clear();
      for (int dy = std::max(-kReach, -y); dy <= std::min(kReach, height - 1 - y); ++dy)
        for (int dx = std::max(-kReach, -x); dx <= std::min(kReach, width - 1 - x); ++dx)
          stack.push_back({map.data[static_cast<size_t>((y + dy) * width + x + dx)], bell(dx, dy)});
      result.data[static_cast<size_t>(y * width + x)] =
          static_cast<float>(mean_between(stack, from, to));
    }
  return result;
}

Image changed_mask(const FinishedLatents& latents, const RepaintMask& mask,
                   const SoftInpainting& soft, int width, int height) {
  Tensor map = distance(latents.latent, latents.init_latent);
  map = percentile_filter(map, 0.9, 1.0);
  map = percentile_filter(map, 0.25, 0.75);
  const auto rows = static_cast<int>(map.dim(0)), columns = static_cast<int>(map.dim(1));
  const Tensor repaint = latent_mask(mask.repaint, columns, rows, MaskRounding::Keep);
  Image small(columns, rows, 1);
  for (size_t i = 0; i < map.size(); ++i) {
    // The more a pixel was meant to change, the smaller a change counts.
    double s = 1 - std::pow(static_cast<double>(repaint.data[i]), soft.blend.preservation / 2);
    s = 0.5 * (1 - soft.mask_influence) + s * soft.mask_influence;
    s = s / (1.00001 - s);
    const double change = map.data[i] / (soft.difference_threshold * s);
    const double keep = smootherstep(1 / (1 + std::pow(change, soft.difference_contrast)));
    small.pixels[i] = std::isnan(keep) ? 0 : static_cast<uint8_t>(255 * (1 - keep));
  }
  return gaussian_blur(resize_image(small, width, height, ResizeMode::Fill), kBlurRadiusPx);
}

}  // namespace pentimento
