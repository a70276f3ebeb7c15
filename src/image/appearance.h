// What can be measured in a picture without knowing what it shows: its light, its sharpness and its
// main colours.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "image/image.h"

namespace pentimento {

struct PaletteColour {
  std::array<uint8_t, 3> rgb;
  double share;  // 0..1 of the picture
};

struct Appearance {
  int width = 0, height = 0;
  double brightness = 0;     // 0..1, mean luma of BT.601
  double contrast = 0;       // 0..0.5, standard deviation of the luma
  double colourfulness = 0;  // 0: grey; 0.15 muted, 0.35 lively, 0.6 vivid (Hasler and Suesstrunk
                             // 2003, https://infoscience.epfl.ch/record/33994, divided by 255)
  double warmth = 0;         // mean b* / 128: above 0 yellow and red, below 0 blue
  double sharpness = 0;  // 0..1: share of the luma's variation that is finer than 2 pixels, when
                         // the picture is seen at 512 pixels
  std::vector<PaletteColour> palette;  // at most 6, largest share first
};

// Grey, RGB or RGBA (seen on white; wholly transparent pixels are left out of the palette and the
// means). Deterministic. Throws InvalidArgument for an empty picture.
Appearance measure_appearance(const Image& image);

// In words a prompt can use, each with its Chinese: "bright", "muted colours", "warm tones" …; the
// unremarkable is left out.
struct Word {
  const char *en, *zh;
};
std::vector<Word> appearance_words(const Appearance& appearance);

}  // namespace pentimento
