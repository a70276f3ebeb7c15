#include "weights/messages.h"

namespace pentimento {

std::string in_quotes(std::string_view name) {
  constexpr size_t kLongest = 120;
  std::string text = "'";
  for (const char c : name.substr(0, kLongest)) {
    const bool control = static_cast<unsigned char>(c) < 32 || c == 127;
    text += control ? '?' : c;
  }
  return text + (name.size() > kLongest ? "…'" : "'");
}

}  // namespace pentimento
