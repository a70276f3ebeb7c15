// A1111's generation parameters text (webui-spec §5): what a picture remembers about its making.
//
//   prompt, any number of lines
//   Negative prompt: any number of lines       (left out if empty)
//   Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512, Model: "a, b"
//
// Limitations of the format, not of this reader: outer spaces of every prompt line are lost, a
// prompt line that begins with "Negative prompt:" ends the prompt, fewer than three fields are read
// as prompt, and a field whose value equals its key cannot be read back.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pentimento {

struct Infotext {
  std::string prompt, negative_prompt;
  std::vector<std::pair<std::string, std::string>> fields;  // in order; values unquoted

  std::optional<std::string> get(std::string_view key) const;
  void set(std::string_view key, std::string value);  // replaces or appends

  bool operator==(const Infotext&) const = default;
};

// Values with a comma, a colon or a line end are written as JSON strings, non-ASCII kept; so are
// those that would not be read back as they are (empty, outer spaces, a quote in front), which
// A1111 reads as well. Throws InvalidArgument for a key that cannot be read back: it must be two or
// more letters, digits, spaces, _ - or / and begin with a letter, digit or _.
std::string format_infotext(const Infotext& info);

// Never throws: any bytes mean something. Invalid UTF-8 is replaced by U+FFFD. Of a repeated key
// the last value counts, at the first one's place.
Infotext parse_infotext(std::string_view text);

// "512x768" -> 512, 768. Both at most 9 digits.
std::optional<std::pair<int, int>> parse_size(std::string_view value);

}  // namespace pentimento
