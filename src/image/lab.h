// RGB <-> CIE L*a*b* on 8 bits, exactly as OpenCV's cvtColor does (COLOR_RGB2LAB, COLOR_LAB2RGB):
// L is scaled to 0..255, a and b are offset by 128; table lookups and fixed point throughout.
// https://docs.opencv.org/4.x/de/d25/imgproc_color_conversions.html
#pragma once

#include "image/image.h"

namespace pentimento {

// 3 channels in, 3 channels out. Pure; the tables are computed once, thread-safely.
Image rgb_to_lab(const Image& rgb);
Image lab_to_rgb(const Image& lab);

}  // namespace pentimento
