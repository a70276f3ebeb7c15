// The rounding that Pillow uses wherever two 8-bit values are multiplied as fractions of 255.
#pragma once

#include <cstdint>

namespace pentimento {

// value / 255 rounded to nearest, for 0 <= value <= 255 * 255.
inline uint8_t div255(uint32_t value) {
  value += 128;
  return static_cast<uint8_t>((value + (value >> 8)) >> 8);
}

// `over` where mask is 255, `under` where it is 0, their rounded mix between.
inline uint8_t mix255(uint8_t mask, uint8_t under, uint8_t over) {
  return div255(uint32_t{under} * (255u - mask) + uint32_t{over} * mask);
}

}  // namespace pentimento
