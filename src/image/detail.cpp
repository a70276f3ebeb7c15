#include "image/detail.h"

#include <algorithm>

namespace pentimento {

Image carry_detail(const Image& full, const Image& before, const Image& after, ResizeMode back) {
  const auto grown = [&](const Image& small) {
    return resize_image(small, full.width, full.height, back);
  };
  const Image low = grown(before), changed = grown(after);
  Image result = full;
  for (size_t i = 0; i < result.pixels.size(); ++i)
    result.pixels[i] = static_cast<uint8_t>(
        std::clamp(int{full.pixels[i]} + int{changed.pixels[i]} - int{low.pixels[i]}, 0, 255));
  return result;
}

}  // namespace pentimento
