#include "image/resize.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "base/error.h"
#include "image/composite.h"

namespace pentimento {
namespace {

constexpr int kPrecisionBits = 22;  // of a weight; 8 bits of pixel and 2 of headroom make 32
constexpr int kLowBits = 11;        // a weight is high * 2^11 + low, so that both fit 16 bits
constexpr int kLanes = 8;           // taps are padded with zeros to a multiple of this

// A resampling filter: weight(x) is zero for |x| > support, x in output pixels.
struct Kernel {
  double support;
  double (*weight)(double);
};

double box(double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }

double bilinear(double x) { return std::max(0.0, 1.0 - std::abs(x)); }

double hamming(double x) {
  x = std::abs(x);
  if (x == 0.0) return 1.0;
  if (x >= 1.0) return 0.0;
  x *= std::numbers::pi;
  return std::sin(x) / x * (0.54f + 0.46f * std::cos(x));  // Pillow's constants are f32
}

double bicubic(double x) {  // Keys, a = -0.5
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

double sinc(double x) {
  if (x == 0.0) return 1.0;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

double lanczos(double x) { return -3.0 <= x && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0; }

Kernel kernel_of(Filter filter) {
  switch (filter) {
    case Filter::Box:
      return {0.5, box};
    case Filter::Bilinear:
      return {1.0, bilinear};
    case Filter::Hamming:
      return {1.0, hamming};
    case Filter::Bicubic:
      return {2.0, bicubic};
    default:
      return {3.0, lanczos};
  }
}

// For every output pixel: the first input pixel, how many, and their fixed-point weights.
struct Taps {
  int stride = 0;  // room per output pixel, a multiple of kLanes
  std::vector<int> first, count;
  std::vector<int16_t> high, low;

  int32_t weight(size_t index) const { return (int32_t{high[index]} << kLowBits) + low[index]; }
};

// The window of the source that output pixel `x` sees, and the filter stretched over it when
// shrinking. in0 and in1 are f32 because Pillow's box is.
Taps make_taps(int in_size, float in0, float in1, int out_size, const Kernel& kernel) {
  const double scale = static_cast<double>(in1 - in0) / out_size;
  const double filter_scale = std::max(scale, 1.0);
  const double support = kernel.support * filter_scale;
  Taps taps;
  const int most = std::min(static_cast<int>(std::ceil(support)) * 2 + 1, in_size);
  taps.stride = (most + kLanes - 1) / kLanes * kLanes;
  const size_t out = static_cast<size_t>(out_size), stride = static_cast<size_t>(taps.stride);
  taps.first.resize(out);
  taps.count.resize(out);
  taps.high.resize(out * stride);
  taps.low.resize(out * stride);
  std::vector<double> weights(stride);
  for (size_t x = 0; x < out; ++x) {
    const double center = in0 + (static_cast<double>(x) + 0.5) * scale;
    const int first = std::max(static_cast<int>(center - support + 0.5), 0);
    const int end = std::min(static_cast<int>(center + support + 0.5), in_size);
    double sum = 0.0;
    for (int i = first; i < end; ++i) {
      const double w = kernel.weight((i - center + 0.5) * (1.0 / filter_scale));
      weights[static_cast<size_t>(i - first)] = w;
      sum += w;
    }
    taps.first[x] = first;
    taps.count[x] = std::max(end - first, 0);
    for (size_t i = 0; i < static_cast<size_t>(taps.count[x]); ++i) {
      const double scaled = (sum != 0.0 ? weights[i] / sum : weights[i]) * (1 << kPrecisionBits);
      const int fixed = static_cast<int>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
      taps.high[x * stride + i] = static_cast<int16_t>(fixed >> kLowBits);
      taps.low[x * stride + i] = static_cast<int16_t>(fixed & ((1 << kLowBits) - 1));
    }
  }
  return taps;
}

uint8_t clip8(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
}

constexpr int32_t kHalf = 1 << (kPrecisionBits - 1);

// Two 16-bit dot products instead of one 32-bit: every processor has an instruction for it.
int32_t dot(const int16_t* pixels, const int16_t* high, const int16_t* low, int count) {
  int32_t sum_high = 0, sum_low = 0;
  for (int i = 0; i < count; ++i) {
    sum_high += int32_t{pixels[i]} * high[i];
    sum_low += int32_t{pixels[i]} * low[i];
  }
  return sum_high * (1 << kLowBits) + sum_low;
}

// Rows [row_begin, row_end) of `image`, resampled to `width`. Each row is first taken apart into
// planes of 16-bit values, so that the dot products read memory in order.
Image resample_rows(const Image& image, int width, const Taps& taps, int row_begin, int row_end) {
  const size_t channels = static_cast<size_t>(image.channels);
  const size_t plane = static_cast<size_t>(image.width) + static_cast<size_t>(taps.stride);
  std::vector<int16_t> planes(plane * channels);  // the tail stays zero
  Image out(width, row_end - row_begin, image.channels);
  for (int y = row_begin; y < row_end; ++y) {
    const uint8_t* in = image.at(0, y);
    for (size_t x = 0; x < static_cast<size_t>(image.width); ++x) {
      for (size_t c = 0; c < channels; ++c) planes[c * plane + x] = *in++;
    }
    uint8_t* to = out.at(0, y - row_begin);
    for (size_t x = 0; x < static_cast<size_t>(width); ++x) {
      const size_t weights = x * static_cast<size_t>(taps.stride);
      const int padded = (taps.count[x] + kLanes - 1) / kLanes * kLanes;
      for (size_t c = 0; c < channels; ++c) {
        const int16_t* pixels = &planes[c * plane + static_cast<size_t>(taps.first[x])];
        *to++ = clip8(kHalf + dot(pixels, &taps.high[weights], &taps.low[weights], padded));
      }
    }
  }
  return out;
}

// Columns of `image` resampled to `height`; row 0 of `image` is row `row_begin` of the source that
// the taps speak of. Whole rows are accumulated, so that memory is read in order.
Image resample_columns(const Image& image, int height, const Taps& taps, int row_begin) {
  const size_t row = static_cast<size_t>(image.width) * static_cast<size_t>(image.channels);
  std::vector<int32_t> sums(row);
  Image out(image.width, height, image.channels);
  for (int y = 0; y < height; ++y) {
    const size_t at = static_cast<size_t>(y);
    std::fill(sums.begin(), sums.end(), kHalf);
    for (int i = 0; i < taps.count[at]; ++i) {
      const int32_t weight =
          taps.weight(at * static_cast<size_t>(taps.stride) + static_cast<size_t>(i));
      const uint8_t* in = image.at(0, taps.first[at] + i - row_begin);
      for (size_t x = 0; x < row; ++x) sums[x] += in[x] * weight;
    }
    std::transform(sums.begin(), sums.end(), out.at(0, y), clip8);
  }
  return out;
}

Image resample(const Image& image, int width, int height, const Kernel& kernel, const BoxF& box) {
  const auto left = static_cast<float>(box.left), right = static_cast<float>(box.right);
  const auto top = static_cast<float>(box.top), bottom = static_cast<float>(box.bottom);
  const bool across = width != image.width || left != 0 || right != static_cast<float>(width);
  const bool down = height != image.height || top != 0 || bottom != static_cast<float>(height);
  const Taps rows = make_taps(image.height, top, bottom, height, kernel);
  int row_begin = 0, row_end = image.height;
  if (down) {
    row_begin = rows.first.front();
    row_end = rows.first.back() + rows.count.back();
  }
  if (!across) return down ? resample_columns(image, height, rows, 0) : image;
  const Taps columns = make_taps(image.width, left, right, width, kernel);
  const Image narrowed = resample_rows(image, width, columns, row_begin, row_end);
  return down ? resample_columns(narrowed, height, rows, row_begin) : narrowed;
}

// Source coordinates are summed step by step, as Pillow does: the last bit of a long sum shows.
std::vector<int> nearest_sources(int in_size, float in0, float in1, int out_size) {
  const double step = static_cast<double>(in1 - in0) / out_size;
  double at = static_cast<double>(in0) + step * 0.5;
  std::vector<int> sources;
  for (int i = 0; i < out_size; ++i, at += step) {
    sources.push_back(at >= 0 && at < in_size ? static_cast<int>(at) : -1);
  }
  return sources;
}

Image pick_nearest(const Image& image, int width, int height, const BoxF& box) {
  const auto columns = nearest_sources(image.width, static_cast<float>(box.left),
                                       static_cast<float>(box.right), width);
  const auto rows = nearest_sources(image.height, static_cast<float>(box.top),
                                    static_cast<float>(box.bottom), height);
  Image out(width, height, image.channels);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int from_x = columns[static_cast<size_t>(x)], from_y = rows[static_cast<size_t>(y)];
      if (from_x < 0 || from_y < 0) continue;
      std::copy_n(image.at(from_x, from_y), image.channels, out.at(x, y));
    }
  }
  return out;
}

void check(const Image& image, int width, int height, const BoxF& box) {
  const auto fail = [](const std::string& what) { throw Error(ErrorKind::InvalidArgument, what); };
  const auto size = [](int w, int h) { return std::to_string(w) + "x" + std::to_string(h); };
  if (image.empty()) fail("resize: the picture is empty");
  if (image.channels != 1 && image.channels != 3 && image.channels != 4) {
    fail("resize: picture has " + std::to_string(image.channels) + " channels, expected 1, 3 or 4");
  }
  if (width < 1 || height < 1) {
    fail("resize: target size " + size(width, height) + ", expected at least 1x1");
  }
  if (!(box.left >= 0 && box.top >= 0 && box.right <= image.width && box.bottom <= image.height &&
        box.left <= box.right && box.top <= box.bottom)) {
    fail("resize: the source region is not inside the picture of " +
         size(image.width, image.height));
  }
}

}  // namespace

Image resize(const Image& image, int width, int height, Filter filter) {
  return resize(image, width, height, filter,
                {0, 0, static_cast<double>(image.width), static_cast<double>(image.height)});
}

Image resize(const Image& image, int width, int height, Filter filter, const BoxF& box) {
  check(image, width, height, box);
  const bool whole =
      box.left == 0 && box.top == 0 && box.right == image.width && box.bottom == image.height;
  if (whole && width == image.width && height == image.height) return image;
  if (filter == Filter::Nearest) return pick_nearest(image, width, height, box);
  if (image.channels == 4) {
    return unpremultiply(resample(premultiply(image), width, height, kernel_of(filter), box));
  }
  return resample(image, width, height, kernel_of(filter), box);
}

}  // namespace pentimento
