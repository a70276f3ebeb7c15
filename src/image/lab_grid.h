// A picture as CIE L*a*b* numbers: what is compared when colours are compared. Private to image/.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "image/image.h"

namespace pentimento {

using LabColour = std::array<double, 3>;  // L 0..100, a and b about -127..127

double distance(const LabColour& a, const LabColour& b);

struct LabGrid {
  int width = 0, height = 0;
  std::vector<LabColour> lab;
  size_t at(int x, int y) const {
    return static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x);
  }
};

LabGrid lab_grid_of(const Image& rgb);

}  // namespace pentimento
