#include <algorithm>

#include "base/error.h"
#include "image/composite.h"
#include "image/resize.h"

namespace pentimento {
namespace {

// Width (or height) that keeps the proportions: whole-number division, as A1111 has it, but never
// 0.
int proportional(int size, int target, int other) {
  return std::max(1, static_cast<int>(int64_t{size} * target / other));
}

Image drop_alpha(const Image& image) {
  Image rgb(image.width, image.height, 3);
  for (size_t i = 0; i < rgb.pixels.size() / 3; ++i) {
    std::copy_n(&image.pixels[i * 4], 3, &rgb.pixels[i * 3]);
  }
  return rgb;
}

Image crop_and_resize(const Image& image, int width, int height) {
  const double ratio = static_cast<double>(width) / height;
  const double source_ratio = static_cast<double>(image.width) / image.height;
  const int w = ratio > source_ratio ? width : proportional(image.width, height, image.height);
  const int h = ratio <= source_ratio ? height : proportional(image.height, width, image.width);
  Image canvas(width, height, image.channels);
  paste(canvas, resize(image, w, h, Filter::Lanczos), width / 2 - w / 2, height / 2 - h / 2);
  return canvas;
}

// The bars are the picture's edge line, resampled from a box of zero extent: bicubic then gives
// 1.125 of the edge and -0.125 of its neighbour, a slight overshoot A1111 users know. When an odd
// number of lines is left over, the last one stays black, as there.
Image resize_and_fill(const Image& image, int width, int height) {
  const double ratio = static_cast<double>(width) / height;
  const double source_ratio = static_cast<double>(image.width) / image.height;
  const int w = ratio < source_ratio ? width : proportional(image.width, height, image.height);
  const int h = ratio >= source_ratio ? height : proportional(image.height, width, image.width);
  const Image fitted = resize(image, w, h, Filter::Lanczos);
  Image canvas(width, height, image.channels);
  paste(canvas, fitted, width / 2 - w / 2, height / 2 - h / 2);
  const double right = w, bottom = h;
  const int above = height / 2 - h / 2, beside = width / 2 - w / 2;
  if (ratio < source_ratio && above > 0) {
    paste(canvas, resize(fitted, width, above, Filter::Bicubic, {0, 0, right, 0}), 0, 0);
    paste(canvas, resize(fitted, width, above, Filter::Bicubic, {0, bottom, right, bottom}), 0,
          above + h);
  } else if (ratio > source_ratio && beside > 0) {
    paste(canvas, resize(fitted, beside, height, Filter::Bicubic, {0, 0, 0, bottom}), 0, 0);
    paste(canvas, resize(fitted, beside, height, Filter::Bicubic, {right, 0, right, bottom}),
          beside + w, 0);
  }
  return canvas;
}

}  // namespace

Image resize_image(const Image& image, int width, int height, ResizeMode mode) {
  if (mode == ResizeMode::Latent) return image;
  if (image.channels == 4) return resize_image(drop_alpha(image), width, height, mode);
  if (mode == ResizeMode::Stretch || image.empty() || width < 1 || height < 1) {
    return resize(image, width, height, Filter::Lanczos);
  }
  return mode == ResizeMode::Crop ? crop_and_resize(image, width, height)
                                  : resize_and_fill(image, width, height);
}

}  // namespace pentimento
