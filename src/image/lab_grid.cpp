#include "image/lab_grid.h"

#include <cmath>

#include "image/lab.h"

namespace pentimento {

double distance(const LabColour& a, const LabColour& b) {
  const double l = a[0] - b[0], s = a[1] - b[1], t = a[2] - b[2];
  return std::sqrt(l * l + s * s + t * t);
}

LabGrid lab_grid_of(const Image& rgb) {
  const Image lab = rgb_to_lab(rgb);
  LabGrid grid{rgb.width, rgb.height, std::vector<LabColour>(lab.pixels.size() / 3)};
  for (size_t i = 0; i < grid.lab.size(); ++i)
    grid.lab[i] = {lab.pixels[3 * i] * 100.0 / 255, lab.pixels[3 * i + 1] - 128.0,
                   lab.pixels[3 * i + 2] - 128.0};
  return grid;
}

}  // namespace pentimento
