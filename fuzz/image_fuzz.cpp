// decode_picture on arbitrary bytes: either a picture within the limits or an Error, nothing else.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/error.h"
#include "image/codec.h"
#include "image/exif.h"
#include "image/gif_comment.h"
#include "image/png_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const pentimento::DecodeLimits limits{.max_pixels = 1 << 18, .max_edge_px = 2048};
  try {
    const auto picture = pentimento::decode_picture(bytes, "fuzz", limits);
    const auto& image = picture.image;
    const bool sound = image.width > 0 && image.height > 0 &&
                       int64_t{image.width} * image.height <= limits.max_pixels &&
                       (image.channels == 1 || image.channels == 3 || image.channels == 4) &&
                       image.pixels.size() == static_cast<size_t>(image.width) *
                                                  static_cast<size_t>(image.height) *
                                                  static_cast<size_t>(image.channels);
    if (!sound) std::abort();
  } catch (const pentimento::Error&) {
  }
  // Our own readers meet bytes that no decoder has looked at.
  pentimento::read_png_text(bytes);
  pentimento::read_gif_comment(bytes);
  pentimento::read_user_comment(bytes);
  return 0;
}
