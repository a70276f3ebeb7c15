// One visitor names each field of a request once, for reading it from JSON and writing it:
//   template <typename Visitor> void visit(Visitor& field, Request& r) { field("steps", r.steps); }
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "studio/fields.h"

namespace pentimento {

// A word of JSON and what it stands for; a table's first is what unknown words mean.
template <typename T>
struct Word {
  const char* word;
  T value;
};

template <typename T, size_t N>
std::vector<std::string> words(const Word<T> (&table)[N]) {
  std::vector<std::string> words;
  for (const auto& entry : table) words.emplace_back(entry.word);
  return words;
}
template <typename T, size_t N>
T value_of(const Word<T> (&table)[N], const Json& word) {
  for (const auto& entry : table)
    if (word == entry.word) return entry.value;
  return table[0].value;
}
template <typename T, size_t N>
const char* word_of(const Word<T> (&table)[N], T value) {
  for (const auto& entry : table)
    if (entry.value == value) return entry.word;
  return table[0].word;
}

// The JSON has passed check(): types are right, absent and null leave the value alone.
class Reader {
 public:
  explicit Reader(const Json& json) : json_(json) {}
  template <typename T>
  void operator()(const char* name, T& value) {
    if (const auto it = json_.find(name); it != json_.end() && !it->is_null()) value = read<T>(*it);
  }
  template <typename T>
  void operator()(const char* name, std::optional<T>& value) {
    if (const auto it = json_.find(name); it != json_.end() && !it->is_null()) value = read<T>(*it);
  }
  template <typename T, size_t N>
  void word(const char* name, const Word<T> (&table)[N], T& value) {
    if (const auto it = json_.find(name); it != json_.end() && it->is_string())
      value = value_of(table, *it);
  }

 private:
  template <typename T>
  static T read(const Json& json) {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
      if (json.is_number_float()) return static_cast<T>(json.get<double>());  // 20.0
    return json.get<T>();
  }
  const Json& json_;
};

class Writer {
 public:
  template <typename T>
  void operator()(const char* name, const T& value) {
    json[name] = value;
  }
  template <typename T>
  void operator()(const char* name, const std::optional<T>& value) {
    json[name] = value ? Json(*value) : Json(nullptr);
  }
  template <typename T, size_t N>
  void word(const char* name, const Word<T> (&table)[N], const T& value) {
    json[name] = word_of(table, value);
  }
  Json json = Json::object();
};

}  // namespace pentimento
