// The RIFF container of WebP (https://developers.google.com/speed/webp/docs/riff_container).
// libvips always adds an EXIF chunk of its own making; this keeps the picture and writes ours, or
// none.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace pentimento {

// The still picture of a well-formed WebP in the smallest container that holds it. `exif` may be
// empty; "Exif\0\0" in front, which does not belong into this format, is left away.
std::vector<std::byte> repacked_webp(std::span<const std::byte> webp, int width, int height,
                                     bool has_alpha, std::string_view exif);

}  // namespace pentimento
