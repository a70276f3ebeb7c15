// A1111's generation parameters text (webui-spec §5): what a picture remembers about its making.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pentimento {

struct Infotext {
  std::string prompt, negative_prompt;
  std::vector<std::pair<std::string, std::string>> fields;   // in order; values unquoted

  std::optional<std::string> get(std::string_view key) const;
  void set(std::string_view key, std::string value);          // replaces or appends
};

std::string format_infotext(const Infotext& info);
Infotext parse_infotext(std::string_view text);

}  // namespace pentimento
