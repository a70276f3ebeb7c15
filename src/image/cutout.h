// A thing photographed on a plain background, cut out: a shop's picture of a garment.
//   1. The background's colour as a smooth surface (a quadratic in x and y for each channel of
//   Lab),
//      fitted to the border, what does not fit left out.
//   2. Colour models of both sides, counted in histograms and estimated anew from their own answer
//      a few times, as in GrabCut (Rother et al. 2004,
//      https://dl.acm.org/doi/10.1145/1015706.1015720); answers are smoothed by a guided filter
//      instead of a graph cut (Hosni et al. 2013, https://doi.org/10.1109/TPAMI.2012.156).
//   3. Background is what hangs together with the border: a white print on a shirt before a white
//      wall stays.
//   4. The edge is refined with the mean colours on both sides of each place: one to three pixels
//      soft.
// Limitations: openings that show the background but do not reach the border (a handle) are taken
// for the thing; a thing of the background's own colours cannot be found.
#pragma once

#include <optional>
#include <string>

#include "image/composite.h"
#include "image/image.h"

namespace pentimento {

struct CutOut {
  Image mask;        // 1 channel, the picture's size: 255 = the thing
  Region box;        // of what is over 127
  double share = 0;  // 0..1 of the picture
};

// Why there is none: each asks for a mask by hand.
enum class CutOutProblem {
  TooSmall,
  BorderNotPlain,
  LooksLikeBackground,
  NothingFound,
  FillsEverything
};
std::string describe(CutOutProblem problem);

struct CutOutResult {
  std::optional<CutOut> cut_out;
  CutOutProblem problem = CutOutProblem::NothingFound;  // when there is none
};

// Grey, RGB or RGBA; where alpha is used (some pixel is not opaque) it is the mask itself.
CutOutResult cut_out_from_plain(const Image& picture);

// A mask drawn by hand as a cut-out; none when it is empty.
std::optional<CutOut> cut_out_of_mask(const Image& mask);

}  // namespace pentimento
