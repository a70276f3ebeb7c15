// Which kind of file it is, from its first bytes and never from its name.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace pentimento {

enum class PictureFormat { Png, Jpeg, Webp, Tiff, Gif, Avif, Heic };

const char* format_name(PictureFormat format);  // "png", …

// Throws CorruptFile for no bytes at all, Unsupported naming what it seems to be.
PictureFormat sniff_format(std::span<const std::byte> bytes, const std::string& name);

}  // namespace pentimento
