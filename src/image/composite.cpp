#include "image/composite.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "image/pixel_math.h"

namespace pentimento {
namespace {

std::string describe(int width, int height, int channels) {
  return std::to_string(width) + "x" + std::to_string(height) + " with " +
         std::to_string(channels) + (channels == 1 ? " channel" : " channels");
}

void expect(const Image& image, int width, int height, int channels, const char* what) {
  if (image.width == width && image.height == height && image.channels == channels) return;
  throw Error(ErrorKind::InvalidArgument, std::string(what) + " is " +
                                              describe(image.width, image.height, image.channels) +
                                              ", expected " + describe(width, height, channels));
}

uint8_t clip8(uint32_t value) { return static_cast<uint8_t>(std::min(value, 255u)); }

// One pixel of alpha compositing: 7 extra bits in the two weights, one rounding at the end.
void composite_pixel(const uint8_t* under, const uint8_t* over, uint8_t* out) {
  if (over[3] == 0) {
    std::copy_n(under, 4, out);
    return;
  }
  constexpr int bits = 7;
  const uint32_t alpha255 = over[3] * 255u + under[3] * (255u - over[3]);
  const uint32_t over_weight = over[3] * 255u * 255u * (1u << bits) / alpha255;
  const uint32_t under_weight = 255u * (1u << bits) - over_weight;
  for (int c = 0; c < 3; ++c) {
    const uint32_t sum = over[c] * over_weight + under[c] * under_weight + (0x80u << bits);
    out[c] = static_cast<uint8_t>(((sum >> 8) + sum) >> 8 >> bits);
  }
  out[3] = div255(alpha255);
}

// Calls pixel(picture, patch, mask) for each pixel of the patch that falls inside the picture.
template <typename Visit>
void for_overlap(Image& picture, const Image& patch, int x, int y, Visit pixel) {
  for (int row = std::max(0, -y); row < patch.height && row + y < picture.height; ++row) {
    for (int column = std::max(0, -x); column < patch.width && column + x < picture.width;
         ++column) {
      pixel(picture.at(column + x, row + y), column, row);
    }
  }
}

}  // namespace

Image premultiply(const Image& rgba) {
  expect(rgba, rgba.width, rgba.height, 4, "picture to premultiply");
  Image out = rgba;
  for (size_t i = 0; i < out.pixels.size(); i += 4) {
    uint8_t* p = &out.pixels[i];
    for (int c = 0; c < 3; ++c) p[c] = div255(uint32_t{p[c]} * p[3]);
  }
  return out;
}

Image unpremultiply(const Image& rgba) {
  expect(rgba, rgba.width, rgba.height, 4, "picture to unpremultiply");
  Image out = rgba;
  for (size_t i = 0; i < out.pixels.size(); i += 4) {
    uint8_t* p = &out.pixels[i];
    if (p[3] == 0 || p[3] == 255) continue;
    for (int c = 0; c < 3; ++c) p[c] = clip8(255u * p[c] / p[3]);
  }
  return out;
}

Image alpha_composite(const Image& under, const Image& over) {
  expect(under, under.width, under.height, 4, "lower picture");
  expect(over, under.width, under.height, 4, "upper picture");
  Image out(under.width, under.height, 4);
  for (size_t i = 0; i < out.pixels.size(); i += 4) {
    composite_pixel(&under.pixels[i], &over.pixels[i], &out.pixels[i]);
  }
  return out;
}

Image blend_by_mask(const Image& under, const Image& over, const Image& mask) {
  Image out = under;
  expect(over, under.width, under.height, under.channels, "upper picture");
  paste(out, over, 0, 0, mask);
  return out;
}

void paste(Image& picture, const Image& patch, int x, int y) {
  expect(patch, patch.width, patch.height, picture.channels, "picture to paste");
  for_overlap(picture, patch, x, y, [&](uint8_t* to, int column, int row) {
    std::copy_n(patch.at(column, row), patch.channels, to);
  });
}

void paste(Image& picture, const Image& patch, int x, int y, const Image& mask) {
  expect(patch, patch.width, patch.height, picture.channels, "picture to paste");
  expect(mask, patch.width, patch.height, 1, "mask");
  for_overlap(picture, patch, x, y, [&](uint8_t* to, int column, int row) {
    const uint8_t m = *mask.at(column, row);
    const uint8_t* from = patch.at(column, row);
    for (int c = 0; c < patch.channels; ++c) to[c] = mix255(m, to[c], from[c]);
  });
}

Image crop(const Image& image, const Region& region) {
  if (region.width() < 1 || region.height() < 1) {
    throw Error(ErrorKind::InvalidArgument, "crop: the region is empty");
  }
  Image out(region.width(), region.height(), image.channels);
  paste(out, image, -region.left, -region.top);
  return out;
}

Image with_alpha(const Image& image, const Image& alpha) {
  expect(alpha, image.width, image.height, 1, "alpha channel");
  Image out(image.width, image.height, 4);
  const uint8_t* in = image.pixels.data();
  for (size_t i = 0; i < alpha.pixels.size(); ++i, in += image.channels) {
    for (size_t c = 0; c < 3; ++c) out.pixels[i * 4 + c] = image.channels == 1 ? in[0] : in[c];
    out.pixels[i * 4 + 3] = alpha.pixels[i];
  }
  return out;
}

Image with_alpha(const Image& image, uint8_t alpha) {
  return with_alpha(image, Image(image.width, image.height, 1, alpha));
}

}  // namespace pentimento
