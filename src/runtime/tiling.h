// Large pictures in pieces: tiles of one size (one compiled network serves all), blended where they
// overlap. Lengths are counted in cells, a cell being one latent pixel.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/tensor.h"

namespace pentimento {

struct Tiling {
  int64_t whole_area;  // cells up to which a picture is not cut at all
  int64_t tile;        // edge of a tile
  int64_t overlap;     // least overlap of neighbours
};

// Where tiles of `tile` cells begin so that they cover [0, length), evenly spread, neighbours
// overlapping by at least `overlap`. One tile at 0 when length <= tile.
std::vector<int64_t> tile_starts(int64_t length, int64_t tile, int64_t overlap);

// Weight of each of `length` positions of a tile in the blend: 1 inside, rising and falling
// smoothly over `fade_in` and `fade_out` positions at its ends.
std::vector<float> feather(int64_t length, int64_t fade_in, int64_t fade_out);

// Pixels for each cell along an edge, before and after `run`: decoding 1 -> 8, encoding 8 -> 1.
struct CellScale {
  int64_t in, out;
};

// input [1,C,H,W] -> [1,C',H',W'], by `run` on the whole or on tiles that are blended.
// `run` is called with (tile, index, count).
Tensor run_tiled(const Tensor& input, const Tiling& tiling, CellScale scale,
                 const std::function<Tensor(const Tensor&, int, int)>& run);

}  // namespace pentimento
