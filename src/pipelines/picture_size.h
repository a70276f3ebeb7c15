// How large to paint when nobody says.
#pragma once

namespace pentimento {

struct PictureSize {
  int width = 0, height = 0;  // pixels
};

// Width : height in about the proportions asked for, with the area of a square of `edge_px`, on a
// grid coarse enough that sizes recur and compiled networks are found in the cache: 32 pixels for
// a model whose native size is 512. Each side 8..8192.
PictureSize size_for(double aspect, double edge_px, int native_px);

}  // namespace pentimento
