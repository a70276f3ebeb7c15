#include "text/infotext.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "text/json_string.h"
#include "text/unicode.h"

namespace pentimento {
namespace {

constexpr std::string_view kNegative = "Negative prompt:";
constexpr size_t kFewestFields = 3;  // fewer on the last line: it is prompt

bool is_key_character(char32_t c) { return is_word(c) || c == ' ' || c == '-' || c == '/'; }

// End of the key characters from `at`.
size_t key_end(std::string_view line, size_t at) {
  while (at < line.size()) {
    const CodePoint c = decode_utf8(line, at);
    if (!is_key_character(c.value)) break;
    at += c.length;
  }
  return at;
}

// The first letter, digit or _ in [at, end).
size_t key_begin(std::string_view line, size_t at, size_t end) {
  while (at < end) {
    const CodePoint c = decode_utf8(line, at);
    if (is_word(c.value)) break;
    at += c.length;
  }
  return at;
}

// Whether text[begin, end) has the two characters a key needs.
bool is_long_enough(std::string_view text, size_t begin, size_t end) {
  return begin < end && begin + decode_utf8(text, begin).length < end;
}

// End of the quoted string at `at`, with its quotes, or npos; "" is none.
size_t quoted_end(std::string_view line, size_t at) {
  if (at == line.size() || line[at] != '"') return line.npos;
  for (size_t i = at + 1; i < line.size(); ++i) {
    if (line[i] == '"') return i > at + 1 ? i + 1 : line.npos;
    if (line[i] == '\\') ++i;
  }
  return line.npos;
}

// "key: value, key: value": every pair as written, wherever one begins.
std::vector<std::pair<std::string_view, std::string_view>> find_pairs(std::string_view line) {
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  for (size_t at = 0; at < line.size();) {
    const size_t end = key_end(line, at);
    const size_t begin = key_begin(line, at, end);
    const bool is_key = end < line.size() && line[end] == ':' && is_long_enough(line, begin, end);
    if (!is_key) {
      at = end < line.size() ? end + decode_utf8(line, end).length : end;
      continue;
    }
    const size_t value = skip_spaces(line, end + 1);
    size_t value_end = quoted_end(line, value);
    if (value_end == line.npos || (value_end < line.size() && line[value_end] != ','))
      value_end = std::min(line.find(',', value), line.size());
    pairs.emplace_back(line.substr(begin, end - begin), line.substr(value, value_end - value));
    at = value_end + 1;
  }
  return pairs;
}

bool needs_quotes(std::string_view value) {
  return value.empty() || value.front() == '"' || strip(value).size() != value.size() ||
         value.find_first_of(",:\n") != value.npos;
}

void append_line(std::string& text, std::string_view line) {
  if (!text.empty()) text += '\n';
  text += line;
}

void require_key(std::string_view key) {
  const bool is_readable = is_long_enough(key, 0, key.size()) &&
                           is_word(decode_utf8(key, 0).value) && key_end(key, 0) == key.size();
  if (!is_readable)
    throw Error(ErrorKind::InvalidArgument,
                "infotext: the key '" + excerpt(key) +
                    "' could not be read back; use two or more letters, digits, spaces, _ - or /");
}

}  // namespace

std::optional<std::string> Infotext::get(std::string_view key) const {
  for (const auto& [name, value] : fields)
    if (name == key) return value;
  return std::nullopt;
}

void Infotext::set(std::string_view key, std::string value) {
  for (auto& [name, old] : fields) {
    if (name != key) continue;
    old = std::move(value);
    return;
  }
  fields.emplace_back(key, std::move(value));
}

std::string format_infotext(const Infotext& info) {
  std::string text = info.prompt;
  if (!info.negative_prompt.empty())
    text += "\n" + std::string(kNegative) + " " + info.negative_prompt;
  text += '\n';
  const char* separator = "";
  for (const auto& [key, value] : info.fields) {
    require_key(key);
    text += separator + key;
    if (value != key) text += ": " + (needs_quotes(value) ? to_json_string(value) : value);
    separator = ", ";
  }
  return std::string(strip(text));
}

Infotext parse_infotext(std::string_view bytes) {
  const std::string text = replace_invalid_utf8(bytes);
  std::string_view prompts = strip(text);
  const size_t last_break = prompts.rfind('\n');
  const std::string_view last_line =
      prompts.substr(last_break == prompts.npos ? 0 : last_break + 1);
  auto pairs = find_pairs(last_line);
  bool has_prompts = true;
  if (pairs.size() < kFewestFields)
    pairs.clear();
  else if ((has_prompts = last_break != prompts.npos))
    prompts = prompts.substr(0, last_break);

  Infotext info;
  bool is_negative = false;
  for (size_t begin = 0; has_prompts && begin <= prompts.size();) {
    const size_t end = std::min(prompts.find('\n', begin), prompts.size());
    std::string_view line = strip(prompts.substr(begin, end - begin));
    begin = end + 1;
    if (line.starts_with(kNegative)) {
      is_negative = true;
      line = strip(line.substr(kNegative.size()));
    }
    append_line(is_negative ? info.negative_prompt : info.prompt, line);
  }

  std::unordered_map<std::string_view, size_t> places;
  for (const auto& [key, written] : pairs) {
    if (written.empty()) continue;
    std::string value = parse_json_string(written).value_or(std::string(written));
    const auto [place, is_new] = places.emplace(key, info.fields.size());
    if (is_new)
      info.fields.emplace_back(key, std::move(value));
    else
      info.fields[place->second].second = std::move(value);
  }
  return info;
}

std::optional<std::pair<int, int>> parse_size(std::string_view value) {
  constexpr size_t kDigits = 9;
  const auto read = [](std::string_view digits) -> std::optional<int> {
    if (digits.empty() || digits.size() > kDigits) return std::nullopt;
    int number = 0;
    for (char c : digits) {
      if (c < '0' || c > '9') return std::nullopt;
      number = number * 10 + (c - '0');
    }
    return number;
  };
  const size_t x = value.find('x');
  if (x == value.npos) return std::nullopt;
  const std::optional<int> width = read(value.substr(0, x)), height = read(value.substr(x + 1));
  if (!width || !height) return std::nullopt;
  return std::pair(*width, *height);
}

}  // namespace pentimento
