// Reading JSON that strangers wrote: what is missing or of another type is simply not there.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace pentimento::loose {

using Json = nlohmann::json;

constexpr size_t kLongestText = 4000;

inline const Json& at(const Json& json, std::string_view key) {
  static const Json nothing;
  if (!json.is_object()) return nothing;
  const auto it = json.find(key);
  return it == json.end() ? nothing : *it;
}

// Valid UTF-8 without control characters, cut at `longest` bytes between characters.
std::string clean(const std::string& text, size_t longest = kLongestText);

// Text, or a number written as text; else "".
std::string text(const Json& json, std::string_view key, size_t longest = kLongestText);
// A whole number, also one written as text; else `otherwise`.
int64_t integer(const Json& json, std::string_view key, int64_t otherwise = 0);
double number(const Json& json, std::string_view key, double otherwise = 0);
bool boolean(const Json& json, std::string_view key);
// The strings of an array; a text alone is an array of one. At most `most`.
std::vector<std::string> texts(const Json& json, std::string_view key, size_t most = 200);
// Every element of an array, at most `most`; empty for anything else.
std::vector<Json> items(const Json& json, std::string_view key, size_t most = 500);

// Parses bytes that may be anything: null when they are not JSON, nested too deeply, or too long.
Json parse(const std::string& bytes, size_t longest = 8 << 20);

}  // namespace pentimento::loose
