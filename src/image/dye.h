// A thing in another colour: its folds, its light and its pattern stay.
#pragma once

#include <array>
#include <cstdint>

#include "image/image.h"

namespace pentimento {

// `rgb` with what `mask` (grey, of its size; 255 wholly, 0 not at all) covers in `colour`: shadows
// go to black, lights to white, and what was as bright as the covered part on the mean gets the
// colour itself, as far as a gamma between 0.2 and 4 goes (a black shirt does not become quite
// white). Where the mask is 0 the result is the picture, bit for bit.
Image dyed(const Image& rgb, const Image& mask, const std::array<uint8_t, 3>& colour);

}  // namespace pentimento
