#include "text/json_string.h"

#include "text/unicode.h"

namespace pentimento {
namespace {

constexpr std::string_view kEscapes = "\"\\/bfnrt";
constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";

// The four hexadecimal digits at `at`, or -1.
int read_hex4(std::string_view text, size_t at) {
  if (at + 4 > text.size()) return -1;
  int value = 0;
  for (char c : text.substr(at, 4)) {
    const std::string_view digits = "0123456789abcdef";
    const size_t digit = digits.find(c >= 'A' && c <= 'F' ? c + 32 : c);
    if (digit == digits.npos) return -1;
    value = value * 16 + static_cast<int>(digit);
  }
  return value;
}

// The character of \uXXXX, or of a pair \uD8XX\uDCXX, at `at`, which is moved behind it.
std::optional<char32_t> read_unicode_escape(std::string_view text, size_t& at) {
  const int high = read_hex4(text, at + 2);
  if (high < 0) return std::nullopt;
  at += 6;
  if (high < 0xD800 || high > 0xDFFF) return high;
  if (high > 0xDBFF || text.substr(at, 2) != "\\u") return std::nullopt;
  const int low = read_hex4(text, at + 2);
  if (low < 0xDC00 || low > 0xDFFF) return std::nullopt;
  at += 6;
  return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

}  // namespace

std::string to_json_string(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    const size_t escape = kMeanings.find(c);
    if (c != '/' && escape != kMeanings.npos) {
      out += '\\';
      out += kEscapes[escape];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      constexpr char kDigits[] = "0123456789abcdef";
      out += "\\u00";
      out += kDigits[c >> 4];
      out += kDigits[c & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::optional<std::string> parse_json_string(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"' || static_cast<unsigned char>(c) < 0x20) return std::nullopt;
    if (c != '\\') {
      out += c;
      ++at;
      continue;
    }
    if (at + 1 == text.size()) return std::nullopt;
    if (text[at + 1] == 'u') {
      const std::optional<char32_t> character = read_unicode_escape(text, at);
      if (!character) return std::nullopt;
      append_utf8(out, *character);
      continue;
    }
    const size_t escape = kEscapes.find(text[at + 1]);
    if (escape == kEscapes.npos) return std::nullopt;
    out += kMeanings[escape];
    at += 2;
  }
  return out;
}

}  // namespace pentimento
