#include "image/lines.h"

#include <algorithm>
#include <cmath>

namespace pentimento {
namespace {

// One channel as floats.
struct Plane {
  int width, height;
  std::vector<float> values;
  float at(int x, int y) const {
    return values[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)];
  }
};

Plane plane_of(const Image& image, int channel) {
  Plane plane{image.width, image.height, {}};
  plane.values.reserve(image.pixels.size() / static_cast<size_t>(image.channels));
  for (size_t i = static_cast<size_t>(channel); i < image.pixels.size();
       i += static_cast<size_t>(image.channels))
    plane.values.push_back(image.pixels[i]);
  return plane;
}

// Position -1 is 1, position n is n-2 (OpenCV's reflect-101), however far outside.
int reflected(int i, int n) {
  if (n == 1) return 0;
  const int period = 2 * (n - 1);
  i = std::abs(i) % period;
  return i < n ? i : period - i;
}

// cv2.GaussianBlur of float pictures: a kernel of about 8 sigma.
Plane gaussian(const Plane& plane, double sigma) {
  const int radius = (static_cast<int>(std::lround(sigma * 8 + 1)) | 1) / 2;
  std::vector<float> kernel;
  double sum = 0;
  for (int i = -radius; i <= radius; ++i) sum += std::exp(-i * i / (2 * sigma * sigma));
  for (int i = -radius; i <= radius; ++i)
    kernel.push_back(static_cast<float>(std::exp(-i * i / (2 * sigma * sigma)) / sum));
  const auto pass = [&](const Plane& in, int step_x, int step_y) {
    Plane out{in.width, in.height, std::vector<float>(in.values.size())};
    size_t at = 0;
    for (int y = 0; y < in.height; ++y)
      for (int x = 0; x < in.width; ++x) {
        float value = 0;
        for (int i = -radius; i <= radius; ++i)
          value += kernel[static_cast<size_t>(i + radius)] *
                   in.at(reflected(x + i * step_x, in.width), reflected(y + i * step_y, in.height));
        out.values[at++] = value;
      }
    return out;
  };
  return pass(pass(plane, 1, 0), 0, 1);
}

// For each pixel the least of `value(channel)` over the channels.
std::vector<float> least(const Image& image, const auto& value) {
  std::vector<float> result;
  for (int c = 0; c < image.channels; ++c) {
    const std::vector<float> values = value(plane_of(image, c));
    if (c == 0) result = values;
    for (size_t i = 0; i < values.size(); ++i) result[i] = std::min(result[i], values[i]);
  }
  return result;
}

std::vector<float> difference(const Plane& a, const Plane& b) {
  std::vector<float> result(a.values.size());
  for (size_t i = 0; i < result.size(); ++i) result[i] = a.values[i] - b.values[i];
  return result;
}

Image from_condition(const Image& image, const auto& is_white) {
  Image result(image.width, image.height, 1);
  for (size_t i = 0; i < result.pixels.size(); ++i) result.pixels[i] = is_white(i) ? 255 : 0;
  return result;
}

float quantile(std::vector<float> values, double share) {
  if (values.empty()) return 0;
  const auto at =
      values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, at);
  return *at;
}

// numpy's median: between the two in the middle of an even count.
float median(std::vector<float> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

uint8_t as_byte(float value) { return static_cast<uint8_t>(std::clamp(value, 0.0f, 255.0f)); }

}  // namespace

Image scribble_xdog(const Image& image, double threshold) {
  const std::vector<float> darker = least(image, [](const Plane& plane) {
    return difference(gaussian(plane, 5.0), gaussian(plane, 0.5));
  });
  return from_condition(
      image, [&](size_t i) { return 2 * (255 - int{as_byte(255 - darker[i])}) > threshold; });
}

Image line_art(const Image& image) {
  std::vector<float> darker =
      least(image, [](const Plane& plane) { return difference(gaussian(plane, 6.0), plane); });
  std::vector<float> lines;
  for (float& value : darker) {
    value = std::clamp(value, 0.0f, 255.0f);
    if (value > 8) lines.push_back(value);
  }
  const float scale = 127 / std::max(16.0f, median(std::move(lines)));
  Image result(image.width, image.height, 1);
  for (size_t i = 0; i < darker.size(); ++i) result.pixels[i] = as_byte(darker[i] * scale);
  return result;
}

Image soft_edges(const Image& image) {
  std::vector<float> steepest(image.pixels.size() / static_cast<size_t>(image.channels));
  for (int c = 0; c < image.channels; ++c)
    for (const float sigma : {1.0f, 2.0f, 4.0f}) {
      const Plane smooth = gaussian(plane_of(image, c), sigma);
      size_t i = 0;
      for (int y = 0; y < smooth.height; ++y)
        for (int x = 0; x < smooth.width; ++x, ++i) {
          const auto across = [&](int step_x, int step_y) {
            return smooth.at(reflected(x + step_x, smooth.width),
                             reflected(y + step_y, smooth.height)) -
                   smooth.at(reflected(x - step_x, smooth.width),
                             reflected(y - step_y, smooth.height));
          };
          steepest[i] = std::max(steepest[i], sigma * std::hypot(across(1, 0), across(0, 1)));
        }
    }
  const float white = std::max(quantile(steepest, 0.99), 8.0f);  // a flat picture stays black
  Image result(image.width, image.height, 1);
  for (size_t i = 0; i < steepest.size(); ++i)
    result.pixels[i] = as_byte(steepest[i] * 255 / white);
  return result;
}

Image above_threshold(const Image& image, double threshold) {
  const auto values = least(image, [](const Plane& plane) { return plane.values; });
  return from_condition(image, [&](size_t i) { return values[i] > threshold; });
}

Image drawn_lines(const Image& image) {
  const auto values = least(image, [](const Plane& plane) { return plane.values; });
  return from_condition(image, [&](size_t i) { return values[i] < 127; });
}

}  // namespace pentimento
