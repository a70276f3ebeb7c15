// Text encodings met in picture metadata, to and from UTF-8.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pentimento {

bool is_utf8(std::string_view text);  // and holds no NUL

std::string utf8_from_latin1(std::string_view text);
std::optional<std::string> latin1_from_utf8(std::string_view text);  // none if it does not fit

// Utf16Order::Guess: little-endian if more units have a zero low byte than a zero high byte.
enum class Utf16Order { Big, Guess };

// A byte order mark overrides `order`; broken surrogates become U+FFFD, NULs go.
std::string utf8_from_utf16(std::span<const std::byte> bytes, Utf16Order order);
std::string utf16be_from_utf8(std::string_view text);

// Shift-JIS, which EXIF tools write where the standard says JIS.
std::optional<std::string> utf8_from_shift_jis(std::string_view text);

// Valid UTF-8 whatever came in: invalid bytes become U+FFFD, NULs go.
std::string cleaned_utf8(std::string_view text);

}  // namespace pentimento
