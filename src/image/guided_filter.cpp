#include "image/guided_filter.h"

#include <algorithm>

namespace pentimento {

Plane box_mean(const Plane& values, int width, int height, int radius_px) {
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
      const auto left = static_cast<size_t>(std::max(0, x - radius_px));
      const auto right = static_cast<size_t>(std::min(width, x + radius_px + 1));
      const auto above = static_cast<size_t>(std::max(0, y - radius_px));
      const auto below = static_cast<size_t>(std::min(height, y + radius_px + 1));
      const size_t top = above * stride, bottom = below * stride;
      const double area = static_cast<double>(right - left) * static_cast<double>(below - above);
      means[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)] =
          (sums[bottom + right] - sums[bottom + left] - sums[top + right] + sums[top + left]) /
          area;
    }
  return means;
}

Plane guided_filter(const Plane& values, const Plane& guide, int width, int height, int radius_px,
                    double epsilon) {
  const auto mean = [&](const Plane& plane) { return box_mean(plane, width, height, radius_px); };
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

}  // namespace pentimento
