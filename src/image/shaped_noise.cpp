#include "image/shaped_noise.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "image/vips.h"

namespace pentimento {
namespace {

using Plane = std::vector<double>;
using Spectrum = std::vector<std::complex<double>>;

[[noreturn]] void transform_failed() {
  throw Error(ErrorKind::Internal, "libvips cannot transform a picture: " + take_vips_error());
}

VipsHandle in_vips(const void* values, size_t bytes, int width, int height, VipsBandFormat format) {
  start_vips();
  VipsHandle image(
      vips_image_new_from_memory_copy(values, bytes, width, height, /*bands=*/1, format));
  if (!image) transform_failed();
  return image;
}

template <typename Value>
std::vector<Value> out_of_vips(const VipsHandle& image, size_t count) {
  if (!image) transform_failed();
  size_t bytes = 0;
  void* data = vips_image_write_to_memory(image.get(), &bytes);
  if (!data || bytes != count * sizeof(Value)) transform_failed();
  const auto* values = static_cast<const Value*>(data);
  std::vector<Value> result(values, values + count);
  g_free(data);
  return result;
}

Spectrum spectrum_of(const Plane& plane, int width, int height) {
  const VipsHandle in =
      in_vips(plane.data(), plane.size() * sizeof(double), width, height, VIPS_FORMAT_DOUBLE);
  return out_of_vips<std::complex<double>>(vips_apply(vips_fwfft, in.get()), plane.size());
}

Plane plane_of(const Spectrum& spectrum, int width, int height) {
  const VipsHandle in = in_vips(spectrum.data(), spectrum.size() * sizeof(spectrum[0]), width,
                                height, VIPS_FORMAT_DPCOMPLEX);
  return out_of_vips<double>(vips_apply(vips_invfft, in.get(), "real", TRUE), spectrum.size());
}

// 1 / ((x^2 + 1) (y^2 + 1)) with the highest frequencies at -1 and 1: fine noise counts less.
double window_at(size_t i, int width, int height) {
  const auto frequency = [](int at, int length) {
    const int folded = at <= length / 2 ? at : at - length;
    return 2.0 * folded / length;
  };
  const double x = frequency(static_cast<int>(i % static_cast<size_t>(width)), width),
               y = frequency(static_cast<int>(i / static_cast<size_t>(width)), height);
  return 1 / ((x * x + 1) * (y * y + 1));
}

// |noise|^2 |source|^detail, turned as the source is.
Plane shaped(const Plane& noise, const Plane& source, int width, int height, double detail) {
  const Spectrum of_noise = spectrum_of(noise, width, height);
  Spectrum result = spectrum_of(source, width, height);
  for (size_t i = 0; i < result.size(); ++i) {
    const double strength = std::abs(result[i]);
    if (strength > 0) result[i] /= strength;
    result[i] *= std::norm(of_noise[i] * window_at(i, width, height)) * std::pow(strength, detail);
  }
  return plane_of(result, width, height);
}

}  // namespace

Image fill_with_shaped_noise(const Image& picture, const Image& known, std::span<const float> draws,
                             const ShapedNoiseOptions& options) {
  const size_t pixels = known.pixels.size(), channels = static_cast<size_t>(picture.channels);
  if (known.channels != 1 || known.width != picture.width || known.height != picture.height ||
      draws.size() != (channels + 1) * pixels)
    throw Error(ErrorKind::InvalidArgument,
                "shaped noise: picture, mask and draws are of different sizes");
  std::vector<size_t> fresh, given;
  for (size_t i = 0; i < pixels; ++i) (known.pixels[i] ? given : fresh).push_back(i);
  if (given.empty()) throw Error(ErrorKind::InvalidArgument, "shaped noise: nothing is known");

  Image result = picture;
  for (size_t c = 0; c < channels; ++c) {
    const auto value = [&](size_t i) { return picture.pixels[i * channels + c]; };
    double mean = 0;
    for (const size_t i : given) mean += value(i);
    mean /= static_cast<double>(given.size());
    Plane source(pixels, mean), noise(pixels);
    for (const size_t i : given) source[i] = value(i);
    for (size_t i = 0; i < pixels; ++i)
      noise[i] = (1 - options.colour) * draws[i] + options.colour * draws[(c + 1) * pixels + i];
    const Plane texture = shaped(noise, source, picture.width, picture.height, options.detail);

    // The k-th brightest of the new pixels takes the value that is as far up among the known ones.
    std::vector<uint8_t> values;
    for (const size_t i : given) values.push_back(value(i));
    std::ranges::sort(values);
    std::vector<size_t> order = fresh;
    std::ranges::stable_sort(order, [&](size_t a, size_t b) { return texture[a] < texture[b]; });
    for (size_t k = 0; k < order.size(); ++k)
      result.pixels[order[k] * channels + c] =
          values[(2 * k + 1) * values.size() / (2 * order.size())];
  }
  return result;
}

}  // namespace pentimento
