#include "image/blur.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>

#include "base/error.h"

namespace pentimento {
namespace {

void check_radius(double radius, const char* what) {
  if (radius >= 0 && radius <= 65536) return;
  throw Error(ErrorKind::InvalidArgument,
              std::string(what) + " is " + std::to_string(radius) + ", expected 0 to 65536");
}

// Weights of an extended box: `inner` for each of the 2*radius+1 pixels, `outer` for the two
// beyond them, in 1/2^24.
struct ExtendedBox {
  int radius;
  uint32_t inner, outer;
};

ExtendedBox extended_box(float radius) {
  const int whole = static_cast<int>(radius);
  const auto inner = static_cast<uint32_t>(static_cast<float>(1u << 24) / (radius * 2 + 1));
  return {whole, inner, ((1u << 24) - (static_cast<uint32_t>(whole) * 2 + 1) * inner) / 2};
}

// Slides the box along `count` lines of `lanes` values each, all lanes at once: along a row the
// lanes are the channels (a compile-time number), down the columns they are the whole row.
template <typename Lanes>
void slide(const uint8_t* in, uint8_t* out, int count, Lanes lanes, const ExtendedBox& box,
           uint32_t* sums) {
  const auto line = [&](int i) {
    return in + static_cast<size_t>(std::clamp(i, 0, count - 1)) * lanes;
  };
  const auto add = [&](const uint8_t* values, int times) {
    for (size_t k = 0; k < lanes; ++k) sums[k] += values[k] * static_cast<uint32_t>(times);
  };
  std::fill_n(sums, static_cast<size_t>(lanes), 0u);  // becomes the window around position -1
  add(line(0), box.radius + 1);
  for (int i = 0; i < std::min(box.radius, count); ++i) add(line(i), 1);
  add(line(count - 1), std::max(0, box.radius - count));
  for (int i = 0; i < count; ++i) {
    const uint8_t* leaving = line(i - box.radius - 1);
    const uint8_t* entering = line(i + box.radius);
    const uint8_t* beyond = line(i + box.radius + 1);
    uint8_t* to = out + static_cast<size_t>(i) * lanes;
    for (size_t k = 0; k < lanes; ++k) {
      sums[k] += uint32_t{entering[k]} - uint32_t{leaving[k]};
      const uint32_t total =
          sums[k] * box.inner + (uint32_t{leaving[k]} + uint32_t{beyond[k]}) * box.outer;
      to[k] = static_cast<uint8_t>((total + (1u << 23)) >> 24);
    }
  }
}

template <size_t Channels>
void slide_row(const uint8_t* in, uint8_t* out, int count, const ExtendedBox& box) {
  uint32_t sums[Channels];
  slide(in, out, count, std::integral_constant<size_t, Channels>(), box, sums);
}

Image blur_with_box(const Image& image, float radius, int passes) {
  if (radius == 0 || image.empty()) return image;
  const ExtendedBox box = extended_box(radius);
  const auto slide_one = image.channels == 1   ? slide_row<1>
                         : image.channels == 3 ? slide_row<3>
                                               : slide_row<4>;
  Image from = image, to = image;
  for (int pass = 0; pass < passes; ++pass) {
    for (int y = 0; y < image.height; ++y) {
      slide_one(from.at(0, y), to.at(0, y), image.width, box);
    }
    std::swap(from, to);
  }
  const size_t row = static_cast<size_t>(image.width) * static_cast<size_t>(image.channels);
  std::vector<uint32_t> sums(row);
  for (int pass = 0; pass < passes; ++pass) {
    slide(from.pixels.data(), to.pixels.data(), image.height, row, box, sums.data());
    std::swap(from, to);
  }
  return from;
}

// The box that, applied three times, has the variance of a Gaussian: [7], [11] and [14] of the
// paper, in f32 as Pillow computes it.
float box_radius_of_gaussian(float radius) {
  const float sigma2 = radius * radius / 3;
  const auto length = static_cast<float>(std::sqrt(12.0 * sigma2 + 1.0));
  const auto whole = static_cast<float>(std::floor((length - 1.0) / 2.0));
  float rest = (2 * whole + 1) * (whole * (whole + 1) - 3 * sigma2);
  rest /= 6 * (sigma2 - (whole + 1) * (whole + 1));
  return whole + rest;
}

// Gaussian weights in 1/256 that sum to 256 exactly: each rounding error is carried to the next
// weight inwards, and the centre takes what is left (OpenCV's fixed-point kernel).
std::vector<uint16_t> gaussian_weights(double sigma) {
  const int radius = static_cast<int>(2.5 * sigma + 0.5);
  const auto size = static_cast<size_t>(2 * radius + 1);
  std::vector<double> exact(size);
  double sum = 0;
  for (size_t i = 0; i < size; ++i) {
    const double x = static_cast<double>(i) - radius;
    exact[i] = std::exp(-0.5 / (sigma * sigma) * x * x);
    sum += exact[i];
  }
  std::vector<uint16_t> weights(size);
  double carried = 0;
  int used = 0;
  for (size_t i = 0; i < static_cast<size_t>(radius); ++i) {
    const double wanted = exact[i] / sum * 256 + carried;
    const double rounded = std::nearbyint(wanted);
    carried = wanted - rounded;
    weights[i] = weights[size - 1 - i] = static_cast<uint16_t>(rounded);
    used += 2 * weights[i];
  }
  weights[static_cast<size_t>(radius)] = static_cast<uint16_t>(256 - used);
  return weights;
}

// Reflect-101: ...cb|abcd|cb...; a single line repeats.
int reflect(int i, int count) {
  if (count == 1) return 0;
  const int period = 2 * (count - 1);
  i = ((i % period) + period) % period;
  return i < count ? i : period - i;
}

Image blur_rows(const Image& image, double sigma) {
  const std::vector<uint16_t> weights = gaussian_weights(sigma);
  const int radius = static_cast<int>(weights.size() / 2), width = image.width;
  std::vector<uint8_t> line(static_cast<size_t>(width + 2 * radius));
  std::vector<uint16_t> sums(static_cast<size_t>(width));  // 256 * 255 + 128 just fits
  Image out(width, image.height, 1);
  for (int y = 0; y < image.height; ++y) {
    std::copy_n(image.at(0, y), width, line.begin() + radius);
    for (int i = 1; i <= radius; ++i) {
      line[static_cast<size_t>(radius - i)] = *image.at(reflect(-i, width), y);
      line[static_cast<size_t>(radius + width - 1 + i)] =
          *image.at(reflect(width - 1 + i, width), y);
    }
    std::fill(sums.begin(), sums.end(), uint16_t{128});
    for (size_t i = 0; i < weights.size(); ++i) {
      for (size_t x = 0; x < sums.size(); ++x) {
        sums[x] = static_cast<uint16_t>(sums[x] + weights[i] * line[x + i]);
      }
    }
    std::transform(sums.begin(), sums.end(), out.at(0, y),
                   [](uint16_t sum) { return static_cast<uint8_t>(sum >> 8); });
  }
  return out;
}

Image transposed(const Image& image) {
  Image out(image.height, image.width, 1);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) *out.at(y, x) = *image.at(x, y);
  }
  return out;
}

}  // namespace

Image box_blur(const Image& image, double radius_px) {
  check_radius(radius_px, "blur radius");
  return blur_with_box(image, static_cast<float>(radius_px), 1);
}

Image gaussian_blur(const Image& image, double radius_px) {
  check_radius(radius_px, "blur radius");
  return blur_with_box(image, box_radius_of_gaussian(static_cast<float>(radius_px)), 3);
}

Image blur_mask(const Image& mask, double sigma_x, double sigma_y) {
  check_radius(sigma_x, "mask blur");
  check_radius(sigma_y, "mask blur");
  if (mask.channels != 1) {
    throw Error(ErrorKind::InvalidArgument,
                "mask has " + std::to_string(mask.channels) + " channels, expected 1");
  }
  Image out = sigma_x > 0 ? blur_rows(mask, sigma_x) : mask;
  return sigma_y > 0 ? transposed(blur_rows(transposed(out), sigma_y)) : out;
}

}  // namespace pentimento
