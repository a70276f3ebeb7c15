// Cutting a picture for the painting networks: pure arithmetic along one axis at a time.
#pragma once

#include <span>
#include <vector>

#include "image/image.h"

namespace pentimento {

// One tile along an axis: the network computes [begin, end) and the pixels [keep_begin, keep_end)
// of its result are used. The kept parts of an axis' cuts follow each other without gap or overlap.
struct Cut {
  int begin, end;
  int keep_begin, keep_end;
};

// The length that the networks want for `pixels`: a multiple of 4, at least 32.
int padded_length(int pixels);

// `length` is a padded length. Equal tiles of at most `tile` pixels, multiples of 4, each reaching
// at least `margin` pixels beyond what is kept of it, except at the picture's own edges.
// margin: a multiple of 4; tile > 2 * margin + 4.
std::vector<Cut> cut_axis(int length, int tile, int margin);

// RGB pixels of columns x, rows y (which may lie beyond the picture: mirrored) to planes
// [3, rows, columns], value / 255.
void fill_planes(std::span<float> planes, const Image& rgb, const Cut& x, const Cut& y);

// The kept part of planes [3, rows, columns] into the picture, clamped to 0..1 and rounded; what
// lies beyond the picture is dropped.
void keep_planes(std::span<const float> planes, Image& rgb, const Cut& x, const Cut& y);

}  // namespace pentimento
