// Fine detail that a smaller size cannot hold, put back after something was done at that size.
#pragma once

#include "image/image.h"
#include "image/resize.h"

namespace pentimento {

// `full` was scaled to `before`, which became `after`, of the same size: the change, at the size of
// `full`, with full's own detail on top. Where after equals before the result is `full`. RGB all.
// `back`: how the smaller pictures lie in the larger one when their shapes differ.
Image carry_detail(const Image& full, const Image& before, const Image& after, ResizeMode back);

}  // namespace pentimento
