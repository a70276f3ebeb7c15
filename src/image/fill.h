// What stands in the masked region before it is repainted: colours carried in from around it.
#pragma once

#include "image/image.h"

namespace pentimento {

// A1111's masked content "fill" (webui-spec §2.3): the kept pixels, premultiplied, blurred ever
// less and laid over one another. RGB or RGBA in, RGB out.
Image fill_masked(const Image& image, const Image& mask);

// Fooocus' prefill: box blurs of radius 512 down to 3, the kept pixels (mask under 127) restored
// after each. Smoother than `fill_masked`, and kept pixels stay bit-identical. RGB.
Image blur_fill(const Image& image, const Image& mask);

}  // namespace pentimento
