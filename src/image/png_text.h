// The text chunks of PNG files (https://www.w3.org/TR/png-3/#11textinfo): tEXt (Latin-1), zTXt
// (compressed) and iTXt (UTF-8). libvips hands text on without saying in which encoding it was.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace pentimento {

// All text of a PNG by keyword, as UTF-8 without NUL. Never throws: what is malformed, and all that
// comes once 16 MiB have been inflated, is left out.
std::map<std::string, std::string> read_png_text(std::span<const std::byte> png);

// The PNG without its text chunks, or nothing if it has none. Decoders inflate and keep up to a
// thousand of them at 8 MB each before they show the first pixel; 16 KB in the file are enough for
// one, so they must not get to see them.
std::vector<std::byte> without_png_text(std::span<const std::byte> png);

// Puts one chunk per entry behind the header of a well-formed PNG: tEXt if the text is Latin-1,
// else iTXt (as Pillow). Text and keyword must be valid UTF-8 without NUL, the keyword 1-79 Latin-1
// characters; throws InvalidArgument otherwise.
void insert_png_text(std::vector<std::byte>& png, const std::map<std::string, std::string>& text);

}  // namespace pentimento
