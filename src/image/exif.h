// The one EXIF field that matters here: UserComment (0x9286), where A1111 keeps its parameters in
// JPEG and WebP. Format: CIPA DC-008 (a TIFF directory inside the file).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pentimento {

// The UserComment of an EXIF block ("Exif\0\0" in front is skipped) as UTF-8; empty if there is
// none. Reads the prefixes ASCII, UNICODE and JIS; anything else is taken for UTF-8. Never throws.
std::string read_user_comment(std::span<const std::byte> exif);

// An EXIF block with nothing but this comment, laid out as piexif does: "Exif\0\0", big-endian,
// prefix UNICODE, UTF-16-BE. `comment` is valid UTF-8.
std::string exif_with_user_comment(std::string_view comment);

}  // namespace pentimento
