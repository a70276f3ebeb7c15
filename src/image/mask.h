// Masks as A1111 understands them (webui-spec §2.1, §2.2, §2.6): 1 channel, 255 = repaint,
// 0 = keep, greys survive where the original lets them.
#pragma once

#include <optional>

#include "base/tensor.h"
#include "image/composite.h"
#include "image/image.h"

namespace pentimento {

enum class MaskRounding { Keep, Round };

// What a picture means as a mask: the alpha channel if there is one that is not opaque throughout
// (rounded to 0 or 255 at 128 if asked), else the luminance, never rounded.
Image mask_from_image(const Image& image, MaskRounding rounding);

Image inverted(const Image& mask);
Image binarised(const Image& mask);  // over 128: 255, else 0

// Twice the mask, at most 255: what is at least half repainted is replaced fully when pasted back.
Image doubled(const Image& mask);

// The smallest region that holds all pixels that are not 0; none for a blank mask.
std::optional<Region> bounding_box(const Image& mask);

// The region to work on when only the masked part is repainted: the bounding box, grown by
// `padding_px` and then towards the aspect of width x height, kept inside the picture. A region
// that cannot grow enough keeps another aspect. None for a blank mask.
std::optional<Region> crop_region(const Image& mask, int padding_px, int width, int height);

// The mask at latent size, [height, width], 1 = repaint: bicubic, then rounded to 0 and 1 if asked.
Tensor latent_mask(const Image& mask, int width, int height, MaskRounding rounding);

}  // namespace pentimento
