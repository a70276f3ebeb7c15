// Cutting a picture for the networks that enlarge, and joining the enlarged pieces.
#pragma once

#include <span>
#include <vector>

#include "image/image.h"

namespace pentimento {

// Pieces of one length along an axis.
struct Pieces {
  int length = 0;           // of each, in pixels of the picture
  std::vector<int> begins;  // the last one ends where the axis ends
};

// Covers [0, total) with equal pieces of at most `longest` whose neighbours overlap by `overlap` or
// more; lengths and overlap are multiples of `step`, so is `total`. One piece when it fits.
Pieces pieces_of(int total, int longest, int overlap, int step);

// How much each of the enlarged piece's positions counts: nothing near a cut, all of it away from
// one, and between the two a ramp of `ramp` in the middle of the overlap. Neighbours' weights add
// up to 1. `before`, `after`: the overlaps with the neighbours, 0 at the picture's own edges.
std::vector<float> piece_weights(int length, int before, int after, int ramp);

// Collects enlarged pieces, row of pieces after row of pieces, and holds no more than one row of
// them as floats.
class PieceCanvas {
 public:
  PieceCanvas(int width, int height, int piece_height);
  // planes: [3, weights_y, weights_x], laid at (x, y); y does not decrease from call to call.
  void add(std::span<const float> planes, int x, int y, std::span<const float> weights_x,
           std::span<const float> weights_y);
  Image finish() &&;

 private:
  void settle(int rows);  // rows above are complete

  Image result_;
  int settled_ = 0, band_height_;
  std::vector<float> band_;  // rows settled_ … settled_ + band_height_, interleaved RGB
};

}  // namespace pentimento
