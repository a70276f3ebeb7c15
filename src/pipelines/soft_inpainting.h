// The second half of A1111's soft inpainting (webui-spec §2.9): where to lay the result over the
// original is read from how much the latent really changed there.
#pragma once

#include "pipelines/inpaint.h"

namespace pentimento {

// 255 = take what was painted. width x height: the size painted at.
Image changed_mask(const FinishedLatents& latents, const RepaintMask& mask,
                   const SoftInpainting& soft, int width, int height);

// A weighted mean over the values of a 5x5 window that lie, sorted and weighted by a bell curve,
// between two shares of the total weight (at least one unit of weight wide). [h,w]; windows are cut
// at the borders.
Tensor percentile_filter(const Tensor& map, double from, double to);

}  // namespace pentimento
