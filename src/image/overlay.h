// Putting a repainted region back into the untouched original (webui-spec §2.4). Where the mask is
// 0 the result is the original, bit for bit.
#pragma once

#include <optional>

#include "image/composite.h"
#include "image/image.h"

namespace pentimento {

// The original as a layer that is clear where `mask` is 255: RGBA, alpha = 255 - mask. Colours go
// through premultiplied 8 bits and back, as A1111's do.
Image make_overlay(const Image& original, const Image& mask);

// `generated` under the overlay, as RGB of the overlay's size. With `paste_to` it is first resized
// into that region (crop and resize), which is where it was cut from.
Image apply_overlay(const Image& generated, const Image& overlay,
                    const std::optional<Region>& paste_to = std::nullopt);

}  // namespace pentimento
