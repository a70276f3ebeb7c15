// A hole filled with pieces of the picture itself ("content-aware fill"): textures, edges and
// backgrounds go on as they are around it, from coarse to fine. The pieces are chosen so that every
// small patch in the hole looks like some patch outside it.
//
// Y. Wexler, E. Shechtman, M. Irani, "Space-Time Completion of Video", 2007; the search is
// C. Barnes et al., "PatchMatch", https://doi.org/10.1145/1531326.1531330.
// Limitations: pieces are neither turned nor scaled, and it knows nothing of things: half a face is
// not completed. Slow gradients over large holes show faint steps.
#pragma once

#include <cstdint>

#include "image/image.h"

namespace pentimento {

// `image`: 1, 3 or 4 channels (alpha is dropped); `mask`: one channel of its size, anything but 0
// is the hole. RGB; pixels outside the hole are the input's. The same seed gives the same pixels on
// the same machine. Where nothing is known or the known part is too thin to hold a patch, colours
// are carried in smoothly instead. About a second for a quarter of a 512 px picture. Throws
// InvalidArgument for a mask of another size.
Image patch_fill(const Image& image, const Image& mask, uint64_t seed = 0);

}  // namespace pentimento
