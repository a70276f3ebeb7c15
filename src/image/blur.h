// Blurs of 8-bit pictures, each exactly as the library does that A1111 or Fooocus calls.
#pragma once

#include "image/image.h"

namespace pentimento {

// Pillow's ImageFilter.BoxBlur: the mean over 2*radius+1 pixels each way, edge pixels repeated,
// rounded to 8 bits after each direction. radius_px >= 0, fractions allowed.
Image box_blur(const Image& image, double radius_px);

// Pillow's ImageFilter.GaussianBlur: three extended box blurs in each direction. Channels are
// blurred apart: premultiply RGBA first (the `fill` of inpainting does).
// P. Gwosdek et al., "Theoretical Foundations of Gaussian Convolution by Extended Box Filtering".
Image gaussian_blur(const Image& image, double radius_px);

// A1111's mask blur (webui-spec §2.1): OpenCV's GaussianBlur on 8 bits, horizontally with sigma_x
// and then vertically with sigma_y, kernel 2*int(2.5*sigma+0.5)+1, weights in 1/256, border
// reflect-101. A sigma of 0 leaves that direction alone.
Image blur_mask(const Image& mask, double sigma_x, double sigma_y);

}  // namespace pentimento
