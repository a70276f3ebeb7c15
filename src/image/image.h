// An 8-bit picture in memory: interleaved rows, sRGB, upright (EXIF orientation applied).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace pentimento {

struct Image {
  int width = 0, height = 0, channels = 0;  // 1 grey/mask, 3 RGB, 4 RGBA (straight alpha)
  std::vector<uint8_t> pixels;              // width * height * channels

  Image() = default;
  Image(int w, int h, int c, uint8_t value = 0)
      : width(w),
        height(h),
        channels(c),
        pixels(static_cast<size_t>(w) * static_cast<size_t>(h) * static_cast<size_t>(c), value) {}
  uint8_t* at(int x, int y) {
    return pixels.data() +
           (static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)) *
               static_cast<size_t>(channels);
  }
  const uint8_t* at(int x, int y) const { return const_cast<Image*>(this)->at(x, y); }
  bool empty() const { return pixels.empty(); }
  bool operator==(const Image&) const = default;
};

Image to_rgb(const Image& image, uint8_t background = 255);  // flattens alpha; grey to RGB
Image to_grey(const Image& image);  // Pillow's L: (19595R+38470G+7471B+0x8000)>>16

}  // namespace pentimento
