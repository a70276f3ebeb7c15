#include "text/sub_prompts.h"

#include <glib.h>

#include <cmath>
#include <optional>

#include "base/error.h"
#include "text/prompt_limits.h"
#include "text/unicode.h"

namespace pentimento {
namespace {

constexpr std::string_view kAnd = "AND";

// [-+]? digits with at most one dot, and a digit somewhere; digits of any script.
std::optional<double> read_number(std::string_view text) {
  std::string number;
  bool has_digit = false, has_dot = false;
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    const int digit = digit_value(c.value);
    const bool is_sign = at == 0 && (c.value == '+' || c.value == '-');
    if (digit < 0 && !is_sign && (c.value != '.' || has_dot)) return std::nullopt;
    has_digit |= digit >= 0;
    has_dot |= c.value == '.';
    number += digit >= 0 ? static_cast<char>('0' + digit) : text[at];
    at += c.length;
  }
  if (!has_digit) return std::nullopt;
  return g_ascii_strtod(number.c_str(), nullptr);
}

SubPrompt parse_part(std::string_view part) {
  const size_t colon = part.rfind(':');
  const std::optional<double> weight =
      colon == part.npos ? std::nullopt : read_number(strip(part.substr(colon + 1)));
  if (!weight) return {std::string(strip_right(part))};
  const float narrow = static_cast<float>(*weight);
  if (!std::isfinite(narrow))
    throw Error(ErrorKind::InvalidArgument,
                "prompt: the weight '" + excerpt(part.substr(colon + 1)) +
                    "' of a part is beyond all numbers; use a smaller one");
  return {std::string(strip_right(part.substr(0, colon))), narrow};
}

}  // namespace

std::vector<SubPrompt> split_and(std::string_view prompt) {
  require_prompt(prompt);
  std::vector<SubPrompt> parts;
  size_t begin = 0;
  for (size_t at = prompt.find(kAnd); at != prompt.npos; at = prompt.find(kAnd, at)) {
    const size_t end = at + kAnd.size();
    if (is_word_boundary(prompt, at) && is_word_boundary(prompt, end)) {
      parts.push_back(parse_part(prompt.substr(begin, at - begin)));
      begin = end;
    }
    at = end;
  }
  parts.push_back(parse_part(prompt.substr(begin)));
  return parts;
}

}  // namespace pentimento
