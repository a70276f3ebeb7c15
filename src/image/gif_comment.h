// The comment extension of GIF89a files, which libvips does not hand on.
// https://www.w3.org/Graphics/GIF/spec-gif89a.txt
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace pentimento {

// The first comment as UTF-8, empty if there is none. Never throws.
std::string read_gif_comment(std::span<const std::byte> gif);

}  // namespace pentimento
