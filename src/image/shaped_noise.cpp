#include "image/shaped_noise.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <utility>
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

// One of libvips' transforms. Libvips 8.14 writes past its buffers where a picture is one row high;
// a column of as many pixels has the same transform.
template <typename Transform>
Spectrum transformed(Transform transform, const Spectrum& values, int width, int height) {
  if (values.size() == 1) return values;
  if (height == 1) std::swap(width, height);
  start_vips();
  const size_t bytes = values.size() * sizeof(values[0]);
  const VipsHandle in(vips_image_new_from_memory_copy(values.data(), bytes, width, height,
                                                      /*bands=*/1, VIPS_FORMAT_DPCOMPLEX));
  if (!in) transform_failed();
  const VipsHandle out = vips_apply(transform, in.get());
  size_t written = 0;
  void* data = out ? vips_image_write_to_memory(out.get(), &written) : nullptr;
  if (!data || written != bytes) transform_failed();
  const auto* numbers = static_cast<const std::complex<double>*>(data);
  Spectrum result(numbers, numbers + values.size());
  g_free(data);
  return result;
}

Spectrum spectrum_of(const Plane& plane, int width, int height) {
  return transformed(vips_fwfft, Spectrum(plane.begin(), plane.end()), width, height);
}

Plane plane_of(const Spectrum& spectrum, int width, int height) {
  Plane plane(spectrum.size());
  std::ranges::transform(transformed(vips_invfft, spectrum, width, height), plane.begin(),
                         [](const std::complex<double>& value) { return value.real(); });
  return plane;
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

  // Brightness gives the texture, and the order in which the known pixels lend their colours.
  const Image grey = channels == 1 ? picture : to_grey(picture);
  std::ranges::stable_sort(given,
                           [&](size_t a, size_t b) { return grey.pixels[a] < grey.pixels[b]; });
  double mean = 0;
  for (const size_t i : given) mean += grey.pixels[i];
  Plane source(pixels, mean / static_cast<double>(given.size()));
  for (const size_t i : given) source[i] = grey.pixels[i];

  Image result = picture;
  for (size_t c = 0; c < channels; ++c) {
    Plane noise(pixels);
    for (size_t i = 0; i < pixels; ++i)
      noise[i] = (1 - options.colour) * draws[i] + options.colour * draws[(c + 1) * pixels + i];
    const Plane texture = shaped(noise, source, picture.width, picture.height, options.detail);
    // The k-th brightest of the new pixels is coloured as the one that is as far up among the
    // known ones.
    std::vector<size_t> order = fresh;
    std::ranges::stable_sort(order, [&](size_t a, size_t b) { return texture[a] < texture[b]; });
    for (size_t k = 0; k < order.size(); ++k) {
      const size_t like = given[(2 * k + 1) * given.size() / (2 * order.size())];
      result.pixels[order[k] * channels + c] = picture.pixels[like * channels + c];
    }
  }
  return result;
}

}  // namespace pentimento
