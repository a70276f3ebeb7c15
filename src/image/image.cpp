#include "image/image.h"

#include "base/error.h"
#include "image/pixel_math.h"

namespace pentimento {
namespace {

[[noreturn]] void refuse_channels(int channels) {
  throw Error(ErrorKind::InvalidArgument, "picture has " + std::to_string(channels) +
                                              " channels, expected 1 (grey), 3 (RGB) or 4 (RGBA)");
}

}  // namespace

Image to_rgb(const Image& image, uint8_t background) {
  if (image.channels == 3) return image;
  if (image.channels != 1 && image.channels != 4) refuse_channels(image.channels);
  Image rgb(image.width, image.height, 3);
  const uint8_t* in = image.pixels.data();
  for (size_t i = 0; i < rgb.pixels.size(); i += 3, in += image.channels) {
    for (size_t c = 0; c < 3; ++c) {
      rgb.pixels[i + c] = image.channels == 1 ? in[0] : mix255(in[3], background, in[c]);
    }
  }
  return rgb;
}

Image to_grey(const Image& image) {
  if (image.channels == 1) return image;
  if (image.channels != 3 && image.channels != 4) refuse_channels(image.channels);
  Image grey(image.width, image.height, 1);
  const uint8_t* in = image.pixels.data();
  for (uint8_t& out : grey.pixels) {
    out = static_cast<uint8_t>((19595u * in[0] + 38470u * in[1] + 7471u * in[2] + 0x8000u) >> 16);
    in += image.channels;
  }
  return grey;
}

}  // namespace pentimento
