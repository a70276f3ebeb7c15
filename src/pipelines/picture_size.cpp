#include "pipelines/picture_size.h"

#include <algorithm>
#include <cmath>

namespace pentimento {

namespace {
constexpr int kLeastPx = 16;  // that image to image takes
}

PictureSize size_for(double aspect, double edge_px, int native_px) {
  const int grid = std::max(8, native_px / 16 / 8 * 8);
  const int least = (kLeastPx + grid - 1) / grid * grid;
  const double stretch = std::sqrt(aspect);
  const auto on_grid = [&](double value) {
    return std::clamp(static_cast<int>(std::lround(value / grid)) * grid, least, 8192);
  };
  return {on_grid(edge_px * stretch), on_grid(edge_px / stretch)};
}

}  // namespace pentimento
