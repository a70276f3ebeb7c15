// Reading and writing the values of infotext fields.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "text/infotext.h"

namespace pentimento {

// The shortest text that reads back as the same double.
inline std::string number_text(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value);
  return std::string(text, end.ptr);
}

template <typename T>
std::optional<T> read_field(const Infotext& info, std::string_view key) {
  const auto text = info.get(key);
  if (!text) return {};
  T value{};
  const auto end = std::from_chars(text->data(), text->data() + text->size(), value);
  if (end.ec != std::errc()) return {};
  return value;
}

template <typename T>
T read_field_or(const Infotext& info, std::string_view key, T fallback) {
  return read_field<T>(info, key).value_or(fallback);
}

inline bool field_is_true(const Infotext& info, std::string_view key) {
  return info.get(key).value_or("") == "True";
}

}  // namespace pentimento
