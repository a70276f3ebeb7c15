// Colours that differ from pixel to pixel as they are asked to: what is pieced together of parts
// that differ a little in brightness loses its seams (P. Perez, M. Gangnet, A. Blake, "Poisson
// Image Editing", https://doi.org/10.1145/1201775.882269, with the given colours as a weak spring).
#pragma once

#include <cstdint>
#include <vector>

namespace pentimento {

// All of width * height pixels, row by row. Floats: four a pixel, three colours and, where they are
// differences, a fourth that is over 0 when the difference is asked for.
struct GradientProblem {
  int width = 0, height = 0;
  std::vector<uint8_t> free;       // one a pixel, 1: may change
  std::vector<float> colours;      // 0..255; what is not free stays
  std::vector<float> right, down;  // to the pixel to the right and to the one below, minus this one
  float spring = 0;                // 0..1, pull towards the given colours, against 1 a difference
};

// A difference that lacks much of what is asked for is taken for an edge and left: colours do not
// bleed. The colours that come near to all that is asked for, in the sense of least squares:
// relaxed from coarse to fine, close enough for the eye.
std::vector<float> fit_gradients(const GradientProblem& problem);

}  // namespace pentimento
