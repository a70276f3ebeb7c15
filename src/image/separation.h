// Which pixels are of the thing before a background, by their colours: both sides' colours are
// counted, each pixel asks which of the two it more likely is of, the answers are smoothed along
// the picture's edges and make the next count (image/cutout.h names the papers). Private to image/.
#pragma once

#include <vector>

#include "image/plain_background.h"

namespace pentimento {

struct Separation {
  std::vector<bool> thing;  // for each pixel
  double unsure = 0;        // 0..1: the share of pixels that could be of either
};

Separation separate_from_background(const LabGrid& grid, const PlainBackground& background);

}  // namespace pentimento
