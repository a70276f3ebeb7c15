// About forty everyday names of colours, in English and Chinese, both ways: the name of a colour,
// and the colour that a text names.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace pentimento {

struct NamedColour {
  std::array<uint8_t, 3> rgb;
  const char *name_en, *name_zh;
};

// The nearest by distance in CIE Lab.
const NamedColour& nearest_colour(const std::array<uint8_t, 3>& rgb);

// The first colour that `text` (UTF-8) names; of names that begin at the same place the longest:
// "dark green", not "green". English ones are whole words in upper or lower case; common other
// words for them
// ("gray", "violet", "khaki"; 红, 咖啡色, 酒红) are known too. Null: it names none.
const NamedColour* colour_named_in(std::string_view text);

}  // namespace pentimento
