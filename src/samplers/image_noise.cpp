// ImageNoise: the starting noise of a picture with its variation seed and seed resize, A1111's
// modules/rng.py. Its slerp takes lengths and angles down the columns of each channel rather than
// over the whole noise; pictures people have published depend on that.
#include <algorithm>
#include <cmath>

#include "samplers/random.h"

namespace pentimento {
namespace {

struct Volume {
  int channels, height, width;
  int64_t size() const { return int64_t{channels} * height * width; }
};

// Spherical interpolation from `low` (weight 0) to `high` (weight 1).
std::vector<float> slerp(double weight, const std::vector<float>& low,
                         const std::vector<float>& high, const Volume& shape) {
  const int columns = shape.channels * shape.width;
  const auto first_of = [&](int column) {
    return static_cast<size_t>(column / shape.width) * shape.height * shape.width +
           column % shape.width;
  };
  std::vector<double> cosines(columns);
  double mean = 0;
  for (int column = 0; column < columns; ++column) {
    double dot = 0, low_square = 0, high_square = 0;
    for (int y = 0; y < shape.height; ++y) {
      const size_t i = first_of(column) + static_cast<size_t>(y) * shape.width;
      dot += double{low[i]} * high[i];
      low_square += double{low[i]} * low[i];
      high_square += double{high[i]} * high[i];
    }
    cosines[column] = dot / std::sqrt(low_square * high_square);
    mean += cosines[column] / columns;
  }

  std::vector<float> mixed(low.size());
  // Nearly the same noise: a straight mix, its weights swapped since 2022; kept, for the same
  // pictures.
  if (mean > 0.9995) {
    for (size_t i = 0; i < mixed.size(); ++i)
      mixed[i] = static_cast<float>(low[i] * weight + high[i] * (1.0 - weight));
    return mixed;
  }
  for (int column = 0; column < columns; ++column) {
    const double omega = std::acos(std::clamp(cosines[column], -1.0, 1.0)), sine = std::sin(omega);
    // Parallel columns (a latent one row high) have no arc between them; A1111 divides by zero.
    const bool parallel = sine < 1e-7;
    const double a = parallel ? 1.0 - weight : std::sin((1.0 - weight) * omega) / sine;
    const double b = parallel ? weight : std::sin(weight * omega) / sine;
    for (int y = 0; y < shape.height; ++y) {
      const size_t i = first_of(column) + static_cast<size_t>(y) * shape.width;
      mixed[i] = static_cast<float>(a * low[i] + b * high[i]);
    }
  }
  return mixed;
}

// Lays `patch` over the middle of `canvas`; what sticks out is cropped.
void paste_centred(std::vector<float>& canvas, const Volume& to, const std::vector<float>& patch,
                   const Volume& from) {
  const auto floor_half = [](int v) { return v >= 0 ? v / 2 : -((1 - v) / 2); };
  const int dx = floor_half(to.width - from.width), dy = floor_half(to.height - from.height);
  const int width = dx >= 0 ? from.width : from.width + 2 * dx;
  const int height = dy >= 0 ? from.height : from.height + 2 * dy;
  const int to_x = std::max(dx, 0), to_y = std::max(dy, 0);
  const int from_x = std::max(-dx, 0), from_y = std::max(-dy, 0);
  for (int c = 0; c < to.channels; ++c)
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        canvas[(size_t{1} * c * to.height + to_y + y) * to.width + to_x + x] =
            patch[(size_t{1} * c * from.height + from_y + y) * from.width + from_x + x];
}

}  // namespace

ImageNoise::ImageNoise(RngSource source, int channels, int height, int width,
                       ImageNoiseOptions options, int scale_factor)
    : source_(source),
      channels_(channels),
      height_(height),
      width_(width),
      options_(options),
      scale_factor_(scale_factor),
      generator_(make_generator(source, options.seed)) {}

std::vector<float> ImageNoise::first() {
  const Volume target{channels_, height_, width_};
  Volume drawn = target;
  if (options_.seed_resize_width > 0 && options_.seed_resize_height > 0)
    drawn = {channels_, options_.seed_resize_height / scale_factor_,
             options_.seed_resize_width / scale_factor_};
  const bool resized = drawn.height != height_ || drawn.width != width_;

  std::vector<float> noise = resized ? make_generator(source_, options_.seed)->randn(drawn.size())
                                     : generator_->randn(drawn.size());
  if (options_.subseed_strength != 0) {
    const auto variation = make_generator(source_, options_.subseed)->randn(drawn.size());
    noise = slerp(options_.subseed_strength, noise, variation, drawn);
  }
  if (resized) {
    auto canvas = generator_->randn(target.size());
    paste_centred(canvas, target, noise, drawn);
    noise = std::move(canvas);
  }
  if (options_.eta_noise_seed_delta != 0)
    generator_ = make_generator(
        source_, options_.seed + static_cast<uint64_t>(options_.eta_noise_seed_delta));
  return noise;
}

std::vector<float> ImageNoise::next() { return generator_->randn(size()); }

}  // namespace pentimento
