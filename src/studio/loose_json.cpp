#include "studio/loose_json.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace pentimento::loose {
namespace {

constexpr int kDeepest = 64;

// Length of the UTF-8 character that begins at `at`, 0 when there is none.
size_t character(const std::string& text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  size_t length = 0;
  uint32_t code = 0;
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) length = 2, code = first & 0x1Fu;
  if (first >= 0xE0 && first < 0xF0) length = 3, code = first & 0x0Fu;
  if (first >= 0xF0 && first < 0xF5) length = 4, code = first & 0x07u;
  if (length == 0 || at + length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
    code = code << 6 | (byte(at + i) & 0x3Fu);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  return overlong || surrogate || code > 0x10FFFF ? 0 : length;
}

}  // namespace

std::string clean(const std::string& text, size_t longest) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t length = character(text, at);
    if (out.size() + std::max<size_t>(length, 1) > longest) break;
    const bool control = length == 1 && static_cast<unsigned char>(text[at]) < ' ' &&
                         text[at] != '\n' && text[at] != '\t';
    if (length > 0 && !control && text[at] != 0x7F) out.append(text, at, length);
    at += std::max<size_t>(length, 1);
  }
  return out;
}

std::string text(const Json& json, std::string_view key, size_t longest) {
  const Json& value = at(json, key);
  if (value.is_string()) return clean(value.get_ref<const std::string&>(), longest);
  if (value.is_number()) return value.dump();
  return {};
}

int64_t integer(const Json& json, std::string_view key, int64_t otherwise) {
  const Json& value = at(json, key);
  if (value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX) return otherwise;
  if (value.is_number_integer()) return value.get<int64_t>();
  const double as_number = number(json, key, std::nan(""));
  if (std::isfinite(as_number) && std::fabs(as_number) < 9e15)
    return static_cast<int64_t>(std::llround(as_number));
  return otherwise;
}

double number(const Json& json, std::string_view key, double otherwise) {
  const Json& value = at(json, key);
  if (value.is_number()) {
    const double number = value.get<double>();
    return std::isfinite(number) ? number : otherwise;
  }
  if (!value.is_string()) return otherwise;
  const std::string& text = value.get_ref<const std::string&>();
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  return text.empty() || *end != '\0' || !std::isfinite(number) ? otherwise : number;
}

bool boolean(const Json& json, std::string_view key) {
  const Json& value = at(json, key);
  return value.is_boolean() && value.get<bool>();
}

std::vector<std::string> texts(const Json& json, std::string_view key, size_t most) {
  std::vector<std::string> list;
  const Json& value = at(json, key);
  if (value.is_string()) list.push_back(clean(value.get_ref<const std::string&>()));
  if (value.is_array())
    for (const Json& item : value)
      if (item.is_string() && list.size() < most)
        list.push_back(clean(item.get_ref<const std::string&>()));
  std::erase(list, "");
  return list;
}

std::vector<Json> items(const Json& json, std::string_view key, size_t most) {
  const Json& value = at(json, key);
  std::vector<Json> list;
  if (value.is_array())
    for (const Json& item : value)
      if (list.size() < most) list.push_back(item);
  return list;
}

Json parse(const std::string& bytes, size_t longest) {
  if (bytes.size() > longest) return nullptr;
  int depth = 0, deepest = 0;
  bool quoted = false;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (quoted && c == '\\') ++i;
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '{' || c == '[') deepest = std::max(deepest, ++depth);
    if (c == '}' || c == ']') --depth;
  }
  if (deepest > kDeepest) return nullptr;
  Json json = Json::parse(bytes, nullptr, /*allow_exceptions=*/false);
  return json.is_discarded() ? Json(nullptr) : json;
}

}  // namespace pentimento::loose
