// Pillow's resampling, bit for bit (two 8-bit passes, 22-bit fixed point), and A1111's resize modes.
#pragma once

#include "image/image.h"

namespace pentimento {

enum class Filter { Nearest, Box, Bilinear, Hamming, Bicubic, Lanczos };

struct BoxF { double left, top, right, bottom; };   // source region in pixels

Image resize(const Image& image, int width, int height, Filter filter);
Image resize(const Image& image, int width, int height, Filter filter, const BoxF& box);

enum class ResizeMode { Stretch = 0, Crop = 1, Fill = 2, Latent = 3 };
// webui-spec §1.4; Latent is the caller's business (the picture is returned as it is).
Image resize_image(const Image& image, int width, int height, ResizeMode mode);

}  // namespace pentimento
