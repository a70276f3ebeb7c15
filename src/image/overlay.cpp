#include "image/overlay.h"

#include <algorithm>

#include "image/mask.h"
#include "image/resize.h"

namespace pentimento {

Image make_overlay(const Image& original, const Image& mask) {
  const Image layer = original.channels == 4 ? premultiply(original) : with_alpha(original);
  Image overlay(original.width, original.height, 4);
  paste(overlay, layer, 0, 0, inverted(mask));
  return unpremultiply(overlay);
}

Image apply_overlay(const Image& generated, const Image& overlay,
                    const std::optional<Region>& paste_to) {
  Image under = generated.channels == 4 ? generated : with_alpha(generated);
  if (paste_to) {
    const Image patch =
        resize_image(generated, paste_to->width(), paste_to->height(), ResizeMode::Crop);
    under = Image(overlay.width, overlay.height, 4);
    paste(under, with_alpha(patch), paste_to->left, paste_to->top);
  }
  const Image both = alpha_composite(under, overlay);
  Image rgb(both.width, both.height, 3);
  for (size_t i = 0; i < rgb.pixels.size() / 3; ++i) {
    std::copy_n(&both.pixels[i * 4], 3, &rgb.pixels[i * 3]);
  }
  return rgb;
}

}  // namespace pentimento
