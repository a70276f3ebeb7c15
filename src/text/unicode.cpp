#include "text/unicode.h"

#include <glib.h>

namespace pentimento {
namespace {

constexpr CodePoint kInvalidByte{0xFFFD, 1, false};

struct Lead {
  int continuation = 0;                   // bytes that follow
  unsigned char low = 0x80, high = 0xBF;  // what the first of them may be
};

// Table 3-7 of the Unicode standard: well-formed sequences.
bool read_lead(unsigned char byte, Lead& lead) {
  if (byte >= 0xC2 && byte <= 0xDF)
    lead = {1};
  else if (byte == 0xE0)
    lead = {2, 0xA0, 0xBF};
  else if (byte == 0xED)
    lead = {2, 0x80, 0x9F};
  else if (byte >= 0xE1 && byte <= 0xEF)
    lead = {2};
  else if (byte == 0xF0)
    lead = {3, 0x90, 0xBF};
  else if (byte >= 0xF1 && byte <= 0xF3)
    lead = {3};
  else if (byte == 0xF4)
    lead = {3, 0x80, 0x8F};
  else
    return false;
  return true;
}

}  // namespace

CodePoint decode_utf8(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(at) < 0x80) return {byte(at), 1, true};
  Lead lead{};
  if (!read_lead(byte(at), lead)) return kInvalidByte;
  char32_t value = byte(at) & (0x3F >> lead.continuation);
  for (int i = 1; i <= lead.continuation; ++i) {
    const size_t p = at + i;
    const unsigned char low = i == 1 ? lead.low : 0x80, high = i == 1 ? lead.high : 0xBF;
    if (p >= text.size() || byte(p) < low || byte(p) > high)
      return {0xFFFD, static_cast<size_t>(i), false};
    value = value << 6 | (byte(p) & 0x3F);
  }
  return {value, static_cast<size_t>(lead.continuation) + 1, true};
}

void append_utf8(std::string& out, char32_t c) {
  char bytes[6];
  out.append(bytes, g_unichar_to_utf8(c, bytes));
}

size_t find_invalid_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    if (!c.valid) return at;
    at += c.length;
  }
  return std::string_view::npos;
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    append_utf8(out, c.value);
    at += c.length;
  }
  return out;
}

bool is_letter(char32_t c) { return g_unichar_isalpha(c); }

bool is_number(char32_t c) {
  const GUnicodeType type = g_unichar_type(c);
  return type == G_UNICODE_DECIMAL_NUMBER || type == G_UNICODE_LETTER_NUMBER ||
         type == G_UNICODE_OTHER_NUMBER;
}

bool is_white_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

int digit_value(char32_t c) { return g_unichar_digit_value(c); }

bool is_space(char32_t c) { return is_white_space(c) || (c >= 0x1C && c <= 0x1F); }

bool is_word(char32_t c) { return c == '_' || is_letter(c) || is_number(c); }

size_t skip_spaces(std::string_view text, size_t at) {
  while (at < text.size()) {
    const CodePoint c = decode_utf8(text, at);
    if (!c.valid || !is_space(c.value)) break;
    at += c.length;
  }
  return at;
}

std::string_view strip(std::string_view text) {
  text.remove_prefix(skip_spaces(text, 0));
  return strip_right(text);
}

std::string_view strip_right(std::string_view text) {
  while (!text.empty()) {
    size_t last = text.size() - 1;
    while (last > 0 && text.size() - last < 4 && (text[last] & 0xC0) == 0x80) --last;
    const CodePoint c = decode_utf8(text, last);
    if (!c.valid || last + c.length != text.size() || !is_space(c.value)) break;
    text.remove_suffix(c.length);
  }
  return text;
}

bool is_word_boundary(std::string_view text, size_t at) {
  bool before = false, after = false;
  if (at > 0) {
    size_t last = at - 1;
    while (last > 0 && at - last < 4 && (text[last] & 0xC0) == 0x80) --last;
    const CodePoint c = decode_utf8(text, last);
    before = c.valid && is_word(c.value);
  }
  if (at < text.size()) {
    const CodePoint c = decode_utf8(text, at);
    after = c.valid && is_word(c.value);
  }
  return before != after;
}

std::string excerpt(std::string_view text) {
  constexpr int kCharacters = 40;
  std::string out;
  size_t at = 0;
  for (int n = 0; n < kCharacters && at < text.size(); ++n) {
    const CodePoint c = decode_utf8(text, at);
    append_utf8(out, g_unichar_iscntrl(c.value) ? 0xFFFD : c.value);
    at += c.length;
  }
  return at < text.size() ? out + "…" : out;
}

std::string to_lower(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    at += c.length;
    char32_t lower = g_unichar_tolower(c.value);
    // GLib lower-cases letters only; Roman numerals and circled letters have a lower case too.
    if (c.value >= 0x2160 && c.value <= 0x216F) lower = c.value + 16;
    if (c.value >= 0x24B6 && c.value <= 0x24CF) lower = c.value + 26;
    append_utf8(out, lower);
    if (c.value == 0x130) append_utf8(out, 0x307);  // İ becomes i and a combining dot
  }
  return out;
}

}  // namespace pentimento
