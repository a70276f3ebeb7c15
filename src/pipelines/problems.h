// A list of what is wrong with a request: one line each, naming the field, what was found and what
// is allowed.
#pragma once

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "text/unicode.h"

namespace pentimento {

class Problems {
 public:
  Problems() = default;
  explicit Problems(std::vector<std::string> list) : list_(std::move(list)) {}

  template <typename T>
  void range(const char* field, T value, T low, T high) {
    if (!(value >= low && value <= high)) {  // false for NaN too
      std::ostringstream text;
      text << field << " is " << value << ", expected " << low << " to " << high;
      list_.push_back(text.str());
    }
  }
  void text(const char* field, const std::string& value) {
    const size_t at = find_invalid_utf8(value);
    if (at != std::string::npos)
      list_.push_back(std::string(field) + " is not UTF-8 at byte " + std::to_string(at) +
                      "; save the text as UTF-8");
  }
  void size(const char* field, int value) {
    if (value == 0) return;
    if (value < 16 || value > 8192 || value % 8 != 0)
      list_.push_back(std::string(field) + " is " + std::to_string(value) +
                      ", expected a multiple of 8 from 16 to 8192");
  }
  // What `find` throws is a problem.
  template <typename Find>
  void known(Find find) {
    try {
      find();
    } catch (const Error& error) {
      list_.push_back(error.what());
    }
  }
  void add(std::string problem) { list_.push_back(std::move(problem)); }
  std::vector<std::string> take() { return std::move(list_); }

 private:
  std::vector<std::string> list_;
};

// Throws InvalidArgument with the problems joined, if there are any.
inline void refuse(const std::vector<std::string>& problems) {
  if (problems.empty()) return;
  std::string text;
  for (const std::string& problem : problems) text += (text.empty() ? "" : "; ") + problem;
  throw Error(ErrorKind::InvalidArgument, text);
}

}  // namespace pentimento
