#include "image/lab.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"

namespace pentimento {
namespace {

constexpr double kD65[3] = {0.950456, 1.0, 1.088754};
constexpr double kRgbToXyz[3][3] = {
    {0.412453, 0.357580, 0.180423}, {0.212671, 0.715160, 0.072169}, {0.019334, 0.119193, 0.950227}};
constexpr double kXyzToRgb[3][3] = {{3.240479, -1.53715, -0.498535},
                                    {-0.969256, 1.875991, 0.041556},
                                    {0.055648, -0.204043, 1.057311}};
constexpr double kThreshold = 216.0 / 24389.0;  // (6/29)^3: below it f(t) is a straight line

constexpr int kMatrixBits = 12;        // of the matrix coefficients
constexpr int kLinear = 255 * 8;       // linear light 1.0 on the way to LAB
constexpr int kRootBits = 15;          // of f(t)
constexpr int kBase = 1 << 14;         // 1.0 on the way back
constexpr int kInverseSize = 1 << 12;  // steps of linear light on the way back
constexpr int kLeastF = -8145;         // smallest f(x), f(z) that 8-bit LAB can ask for
constexpr int kCubes = kBase * 9 / 4;

int round_even(double value) { return static_cast<int>(std::nearbyint(value)); }
int descale(int value, int bits) { return (value + (1 << (bits - 1))) >> bits; }
uint8_t clip8(int value) { return static_cast<uint8_t>(std::clamp(value, 0, 255)); }

struct ToLab {
  int matrix[3][3] = {};                // RGB -> XYZ relative to white, 12 bits
  std::array<int, 256> linear{};        // sRGB value -> linear light, 1.0 = 2040
  std::array<int, kLinear + 8> root{};  // linear light -> f(t), 15 bits

  ToLab() {
    for (int r = 0; r < 3; ++r) {
      for (int c = 0; c < 3; ++c) {
        matrix[r][c] = round_even(kRgbToXyz[r][c] / kD65[r] * (1 << kMatrixBits));
      }
    }
    for (int i = 0; i < 256; ++i) {
      const double v = i / 255.0;
      const double light = v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
      linear[static_cast<size_t>(i)] = round_even(kLinear * light);
    }
    for (size_t i = 0; i < root.size(); ++i) {
      const double t = static_cast<double>(i) / kLinear;
      // OpenCV holds f(t) in f32 before scaling; two entries round differently without that.
      const auto f = static_cast<float>(t < kThreshold ? t * 841 / 108 + 16.0 / 116 : std::cbrt(t));
      root[i] = round_even(f * static_cast<float>(1 << kRootBits));
    }
  }
};

struct FromLab {
  int matrix[3][3] = {};           // XYZ relative to white -> RGB, 12 bits
  std::array<int, 256> y{}, fy{};  // L -> Y and f(Y), 1.0 = kBase
  std::array<int, kCubes> cube{};  // f(t) - kLeastF -> t
  std::array<uint8_t, kInverseSize> srgb{};

  FromLab() {
    for (int r = 0; r < 3; ++r) {
      for (int c = 0; c < 3; ++c) {
        matrix[r][c] = round_even(kXyzToRgb[r][c] * kD65[c] * (1 << kMatrixBits));
      }
    }
    for (int i = 0; i < 256; ++i) {
      const bool line = i <= 20;  // L* <= 8
      const double f = line ? kBase * (16.0 / 116 + i * 5.0 / (3 * 17 * 29))
                            : i * 100.0 * kBase / (255 * 116) + 16.0 * kBase / 116;
      const double value =
          line ? i * 180.0 * kBase / (17.0 * 29 * 29 * 29) : f * f * f / (double{kBase} * kBase);
      fy[static_cast<size_t>(i)] = round_even(f);
      y[static_cast<size_t>(i)] = round_even(value);
    }
    for (int i = 0; i < kCubes; ++i) {
      const int f = i + kLeastF;
      cube[static_cast<size_t>(i)] =
          f <= 3390 ? f * 108 / 841 - kBase * 16 / 116 * 108 / 841 : f * f / kBase * f / kBase;
    }
    for (int i = 0; i < kInverseSize; ++i) {
      const double v = static_cast<double>(i) / kInverseSize;
      const double code = v <= 0.0031308 ? v * 12.92 : 1.055 * std::pow(v, 1 / 2.4) - 0.055;
      srgb[static_cast<size_t>(i)] = static_cast<uint8_t>(round_even(255 * code));
    }
  }
};

void to_lab(const ToLab& t, const uint8_t* rgb, uint8_t* lab) {
  const int r = t.linear[rgb[0]], g = t.linear[rgb[1]], b = t.linear[rgb[2]];
  int f[3];
  for (int i = 0; i < 3; ++i) {
    const int* m = t.matrix[i];
    f[i] = t.root[static_cast<size_t>(descale(m[0] * r + m[1] * g + m[2] * b, kMatrixBits))];
  }
  constexpr int scale = (116 * 255 + 50) / 100;  // L* 0..100 becomes 0..255
  constexpr int shift = -((16 * 255 * (1 << kRootBits) + 50) / 100);
  constexpr int middle = 128 << kRootBits;
  lab[0] = clip8(descale(scale * f[1] + shift, kRootBits));
  lab[1] = clip8(descale(500 * (f[0] - f[1]) + middle, kRootBits));
  lab[2] = clip8(descale(200 * (f[1] - f[2]) + middle, kRootBits));
}

void from_lab(const FromLab& t, const uint8_t* lab, uint8_t* rgb) {
  // a*/500 and b*/200 by multiplication and shift, off by at most one part in 2^14.
  const int a = ((5 * lab[1] * 53687 + (1 << 7)) >> 13) - 128 * kBase / 500;
  const int b = ((lab[2] * 41943 + (1 << 4)) >> 9) - 128 * kBase / 200 + 1;
  const int y = t.y[lab[0]], fy = t.fy[lab[0]];
  const int x = t.cube[static_cast<size_t>(fy + a - kLeastF)];
  const int z = t.cube[static_cast<size_t>(fy - b - kLeastF)];
  for (int i = 0; i < 3; ++i) {
    const int* m = t.matrix[i];
    const int light = descale(m[0] * x + m[1] * y + m[2] * z, 14);
    rgb[i] = t.srgb[static_cast<size_t>(std::clamp(light, 0, kInverseSize - 1))];
  }
}

void expect_three_channels(const Image& image) {
  if (image.channels == 3) return;
  throw Error(
      ErrorKind::InvalidArgument,
      "colour conversion: picture has " + std::to_string(image.channels) + " channels, expected 3");
}

}  // namespace

Image rgb_to_lab(const Image& rgb) {
  expect_three_channels(rgb);
  static const ToLab tables;
  Image lab(rgb.width, rgb.height, 3);
  for (size_t i = 0; i < lab.pixels.size(); i += 3) to_lab(tables, &rgb.pixels[i], &lab.pixels[i]);
  return lab;
}

Image lab_to_rgb(const Image& lab) {
  expect_three_channels(lab);
  static const FromLab tables;
  Image rgb(lab.width, lab.height, 3);
  for (size_t i = 0; i < rgb.pixels.size(); i += 3) {
    from_lab(tables, &lab.pixels[i], &rgb.pixels[i]);
  }
  return rgb;
}

}  // namespace pentimento
