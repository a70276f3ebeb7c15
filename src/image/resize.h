// Pillow's resampling, bit for bit (two 8-bit passes, 22-bit fixed-point weights,
// https://pillow.readthedocs.io/en/stable/handbook/concepts.html#filters), and A1111's resize
// modes. When shrinking, the filters widen by the same factor, so nothing aliases; RGBA is
// resampled premultiplied, except by Nearest.
#pragma once

#include "image/image.h"

namespace pentimento {

enum class Filter { Nearest, Box, Bilinear, Hamming, Bicubic, Lanczos };

// The source region in pixels, not necessarily whole ones (Pillow's `box`). It must lie inside the
// picture; zero width or height is allowed and repeats what lies at that line.
struct BoxF {
  double left, top, right, bottom;
};

// 1, 3 or 4 channels. Throws InvalidArgument for an empty picture, a target under 1x1, a box that
// leaves the picture.
Image resize(const Image& image, int width, int height, Filter filter);
Image resize(const Image& image, int width, int height, Filter filter, const BoxF& box);

enum class ResizeMode {
  Stretch = 0,  // to the target, whatever becomes of the proportions
  Crop = 1,     // fill the target, cut what hangs over
  Fill = 2,     // fit inside the target, continue the edge rows into the bars
  Latent = 3,   // the caller resizes the latent instead: the picture is returned as it is
};

// A1111's images.resize_image with Lanczos (webui-spec §1.4). RGBA loses its alpha. A 1-channel
// mask stays 1-channel (A1111 makes it RGB with three equal channels).
Image resize_image(const Image& image, int width, int height, ResizeMode mode);

}  // namespace pentimento
