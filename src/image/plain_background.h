// The colour of a plain background as a smooth surface, fitted to a picture's border: light that
// falls from one side makes it no less plain. Private to image/.
#pragma once

#include <array>

#include "image/lab_grid.h"

namespace pentimento {

struct PlainBackground {
  // For each channel of Lab the coefficients of 1, u, v, u^2, uv, v^2 with u and v from -1 to 1.
  std::array<std::array<double, 6>, 3> surface{};
  double noise = 0;  // root mean square distance, in Lab, of the border's pixels that fit
  double share = 0;  // 0..1: how much of the border fits
  LabColour at(const LabGrid& grid, int x, int y) const;
};

// How many pixels from the edge count as the border.
int border_width(const LabGrid& grid);

PlainBackground fit_background(const LabGrid& grid);

}  // namespace pentimento
