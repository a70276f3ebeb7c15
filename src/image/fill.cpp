#include "image/fill.h"

#include <algorithm>

#include "image/blur.h"
#include "image/composite.h"
#include "image/mask.h"

namespace pentimento {
namespace {

struct Pass {
  int radius_px, repeats;
};

constexpr Pass kFillPasses[] = {{256, 1}, {64, 1}, {16, 2}, {4, 4}, {2, 2}, {0, 1}};
constexpr Pass kPrefillPasses[] = {{512, 2}, {256, 2}, {128, 4}, {64, 4},
                                   {33, 8},  {15, 8},  {5, 16},  {3, 16}};

}  // namespace

Image fill_masked(const Image& image, const Image& mask) {
  const Image layer = image.channels == 4 ? premultiply(image) : with_alpha(image);
  Image kept(image.width, image.height, 4);
  paste(kept, layer, 0, 0, inverted(mask));
  Image canvas(image.width, image.height, 4);
  for (const Pass& pass : kFillPasses) {
    const Image blurred = unpremultiply(gaussian_blur(kept, pass.radius_px));
    for (int i = 0; i < pass.repeats; ++i) canvas = alpha_composite(canvas, blurred);
  }
  Image rgb(image.width, image.height, 3);
  for (size_t i = 0; i < rgb.pixels.size() / 3; ++i) {
    std::copy_n(&canvas.pixels[i * 4], 3, &rgb.pixels[i * 3]);
  }
  return rgb;
}

Image blur_fill(const Image& image, const Image& mask) {
  const Image original = to_rgb(image);
  Image keep = mask;
  for (uint8_t& v : keep.pixels) v = v < 127 ? 255 : 0;
  Image out = original;
  for (const Pass& pass : kPrefillPasses) {
    for (int i = 0; i < pass.repeats; ++i) {
      out = box_blur(out, pass.radius_px);
      paste(out, original, 0, 0, keep);
    }
  }
  return out;
}

}  // namespace pentimento
