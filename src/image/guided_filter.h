// Smoothing that stops at edges, on planes of numbers.
#pragma once

#include <vector>

namespace pentimento {

using Plane = std::vector<double>;  // width * height, rows first

// The mean over a square of 2 * radius_px + 1 pixels, as far as it lies in the picture.
Plane box_mean(const Plane& values, int width, int height, int radius_px);

// The guided filter (He, Sun and Tang 2010, https://kaiminghe.github.io/eccv10/): smooths `values`
// but not across edges of `guide`. epsilon: variance of the guide below which there is no edge.
Plane guided_filter(const Plane& values, const Plane& guide, int width, int height, int radius_px,
                    double epsilon);

}  // namespace pentimento
