#include "image/mask.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "image/resize.h"

namespace pentimento {
namespace {

void expect_mask(const Image& mask) {
  if (mask.channels == 1) return;
  throw Error(ErrorKind::InvalidArgument,
              "mask has " + std::to_string(mask.channels) + " channels, expected 1");
}

template <typename Function>
Image mapped(const Image& mask, Function value_of) {
  expect_mask(mask);
  Image out = mask;
  for (uint8_t& v : out.pixels) v = static_cast<uint8_t>(value_of(v));
  return out;
}

// Grows [low, high) by `more`, half to each side, and pushes it back inside [0, limit).
void widen(int& low, int& high, int more, int limit) {
  low -= more / 2;
  high += more - more / 2;
  if (high >= limit) {
    low -= high - limit;
    high = limit;
  }
  if (low < 0) {
    high -= low;
    low = 0;
  }
  high = std::min(high, limit);
}

Region towards_aspect(Region region, int width, int height, const Image& picture) {
  const double wanted = static_cast<double>(width) / height;
  if (static_cast<double>(region.width()) / region.height() > wanted) {
    const int more = static_cast<int>(region.width() / wanted - region.height());
    widen(region.top, region.bottom, more, picture.height);
  } else {
    const int more = static_cast<int>(region.height() * wanted - region.width());
    widen(region.left, region.right, more, picture.width);
  }
  return region;
}

}  // namespace

Image mask_from_image(const Image& image, MaskRounding rounding) {
  if (image.channels == 4) {
    Image alpha(image.width, image.height, 1);
    for (size_t i = 0; i < alpha.pixels.size(); ++i) alpha.pixels[i] = image.pixels[i * 4 + 3];
    const bool opaque =
        std::all_of(alpha.pixels.begin(), alpha.pixels.end(), [](uint8_t a) { return a == 255; });
    if (!opaque) return rounding == MaskRounding::Round ? binarised(alpha) : alpha;
  }
  return to_grey(image);
}

Image inverted(const Image& mask) {
  return mapped(mask, [](int v) { return 255 - v; });
}

Image binarised(const Image& mask) {
  return mapped(mask, [](int v) { return v > 128 ? 255 : 0; });
}

Image doubled(const Image& mask) {
  return mapped(mask, [](int v) { return std::min(2 * v, 255); });
}

std::optional<Region> bounding_box(const Image& mask) {
  expect_mask(mask);
  Region box{mask.width, mask.height, 0, 0};
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x) {
      if (*mask.at(x, y) == 0) continue;
      box = {std::min(box.left, x), std::min(box.top, y), std::max(box.right, x + 1), y + 1};
    }
  }
  if (box.right == 0) return std::nullopt;
  return box;
}

std::optional<Region> crop_region(const Image& mask, int padding_px, int width, int height) {
  if (padding_px < 0 || width < 1 || height < 1) {
    throw Error(ErrorKind::InvalidArgument,
                "crop region: padding " + std::to_string(padding_px) + " and size " +
                    std::to_string(width) + "x" + std::to_string(height) +
                    ", expected padding of 0 or more and a size of at least 1x1");
  }
  const auto box = bounding_box(mask);
  if (!box) return std::nullopt;
  const int padding = std::min(padding_px, std::max(mask.width, mask.height));
  const Region padded{std::max(box->left - padding, 0), std::max(box->top - padding, 0),
                      std::min(box->right + padding, mask.width),
                      std::min(box->bottom + padding, mask.height)};
  return towards_aspect(padded, width, height, mask);
}

Tensor latent_mask(const Image& mask, int width, int height, MaskRounding rounding) {
  expect_mask(mask);
  const Image small = resize(mask, width, height, Filter::Bicubic);
  Tensor out({height, width});
  std::transform(small.pixels.begin(), small.pixels.end(), out.data.begin(), [&](uint8_t v) {
    return rounding == MaskRounding::Round ? (v >= 128 ? 1.0f : 0.0f)
                                           : static_cast<float>(v) / 255.0f;
  });
  return out;
}

}  // namespace pentimento
