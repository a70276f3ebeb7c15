// Growing, shrinking and softening masks (1 channel, 255 = inside).
#pragma once

#include "image/image.h"

namespace pentimento {

// The largest (smallest) value within a square of 2*px+1 pixels: Pillow's MaxFilter and MinFilter
// of that size. What lies outside the picture has no say. px: 0..4096.
Image grow(const Image& mask, int px);
Image shrink(const Image& mask, int px);

// A linear ramp outwards: 255 wherever the mask is 128 or more, falling with the Euclidean distance
// d to the nearest such pixel as 255 * (1 - d / (px + 1)), 0 beyond px. px: 0..4096.
Image feather(const Image& mask, int px);

// Pixels the mask does not touch (0) that have one it does touch within px: where the original is
// known beside the repainted region.
Image ring(const Image& mask, int px);

}  // namespace pentimento
