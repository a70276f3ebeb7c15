// UTF-8, and the few things the prompt language asks of Unicode. Character classes, lower case and
// normal forms come from GLib. Limitation: characters younger than the installed GLib's Unicode
// (15.0 on Debian 12) count as punctuation.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pentimento {

// One character, or for invalid bytes U+FFFD with the number of bytes it stands for (the longest
// prefix of a valid sequence, at least 1).
struct CodePoint {
  char32_t value;
  size_t length;
  bool valid;
};
CodePoint decode_utf8(std::string_view text, size_t at);  // at < text.size()
void append_utf8(std::string& out, char32_t c);

// Position of the first byte that is not UTF-8, or npos.
size_t find_invalid_utf8(std::string_view text);
std::string replace_invalid_utf8(std::string_view text);  // by U+FFFD

bool is_letter(char32_t c);       // category L
bool is_number(char32_t c);       // category N
bool is_white_space(char32_t c);  // the property White_Space
int digit_value(char32_t c);      // 0-9 for category Nd (of any script), else -1

// Python's \s, str.strip and \w: White_Space and U+001C-1F; letters, numbers and '_'.
bool is_space(char32_t c);
bool is_word(char32_t c);
std::string_view strip(std::string_view text);
std::string_view strip_right(std::string_view text);
// Where the spaces that begin at `at` end.
size_t skip_spaces(std::string_view text, size_t at);
// Whether \b holds at byte `at`.
bool is_word_boundary(std::string_view text, size_t at);

// The beginning of a text, fit for a one-line message: valid, without control characters, short.
std::string excerpt(std::string_view text);

std::string to_lower(std::string_view text);  // one character at a time
std::string to_nfc(std::string_view text);    // valid UTF-8 in and out

}  // namespace pentimento
