// What source-conditioned models are shown where a picture is hidden: the harmonic continuation of
// what is not, as in their training (training/fill.py).
#pragma once

#include "base/tensor.h"

namespace pentimento {

// source: [1,C,h,w]; hidden: [1,1,h,w], 1 = hidden, 0 = shown.
// Hidden cells become the mean of their neighbours (Laplace's equation; nothing flows across the
// picture's border), zeros where everything is hidden; shown cells stay as they are.
Tensor harmonic_fill(Tensor source, const Tensor& hidden);

}  // namespace pentimento
