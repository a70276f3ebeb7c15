// A1111's colour correction (webui-spec §2.8): histogram match in LAB, then luminosity blend.
#pragma once

#include "image/image.h"

namespace pentimento {

// Gives `image` the colours of `target`. Both RGB; sizes may differ.
Image match_colors(const Image& image, const Image& target);

}  // namespace pentimento
