// Laying pictures over one another, with Pillow's arithmetic to the last bit.
#pragma once

#include "image/image.h"

namespace pentimento {

// RGBA only. Straight alpha -> premultiplied and back (Pillow's "RGBa"); the way back truncates.
Image premultiply(const Image& rgba);
Image unpremultiply(const Image& rgba);

// `over` on `under`, both RGBA of one size (Image.alpha_composite): where `over` is clear the
// result is `under`, where it is opaque the result is `over`, bit for bit.
Image alpha_composite(const Image& under, const Image& over);

// `over` where `mask` (1 channel) is 255, `under` where it is 0, their rounded mix between
// (Image.composite). All of one size, both pictures of one kind.
Image blend_by_mask(const Image& under, const Image& over, const Image& mask);

// `patch` on `picture` with its left upper corner at (x, y), cropped to what fits (Image.paste).
// Same number of channels. `mask`, when given, has the patch's size and one channel.
void paste(Image& picture, const Image& patch, int x, int y);
void paste(Image& picture, const Image& patch, int x, int y, const Image& mask);

// A rectangle of pixels: left <= x < right, top <= y < bottom.
struct Region {
  int left = 0, top = 0, right = 0, bottom = 0;
  int width() const { return right - left; }
  int height() const { return bottom - top; }
  bool operator==(const Region&) const = default;
};

// The part of `image` inside `region`; what lies outside the picture is 0 (Image.crop).
Image crop(const Image& image, const Region& region);

// The picture's colours with this alpha channel, which has one channel and the picture's size.
Image with_alpha(const Image& image, const Image& alpha);
Image with_alpha(const Image& image, uint8_t alpha = 255);

}  // namespace pentimento
