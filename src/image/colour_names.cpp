#include "image/colour_names.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <string>

#include "image/lab_grid.h"

namespace pentimento {
namespace {

constexpr std::array kNames = {
    NamedColour{{0, 0, 0}, "black", "黑色"},
    NamedColour{{64, 64, 64}, "charcoal", "炭灰"},
    NamedColour{{128, 128, 128}, "grey", "灰色"},
    NamedColour{{192, 192, 192}, "light grey", "浅灰"},
    NamedColour{{255, 255, 255}, "white", "白色"},
    NamedColour{{250, 243, 224}, "cream", "奶油色"},
    NamedColour{{222, 203, 164}, "beige", "米色"},
    NamedColour{{193, 154, 107}, "tan", "棕褐"},
    NamedColour{{139, 90, 43}, "brown", "棕色"},
    NamedColour{{135, 112, 98}, "taupe", "灰褐"},
    NamedColour{{75, 46, 26}, "dark brown", "深棕"},
    NamedColour{{128, 0, 0}, "maroon", "栗色"},
    NamedColour{{178, 34, 34}, "brick red", "砖红"},
    NamedColour{{220, 20, 30}, "red", "红色"},
    NamedColour{{250, 128, 114}, "salmon", "鲑红"},
    NamedColour{{255, 192, 203}, "pink", "粉色"},
    NamedColour{{230, 50, 130}, "magenta pink", "玫红"},
    NamedColour{{255, 127, 30}, "orange", "橙色"},
    NamedColour{{200, 110, 50}, "terracotta", "赤陶色"},
    NamedColour{{255, 200, 60}, "amber", "琥珀色"},
    NamedColour{{250, 230, 60}, "yellow", "黄色"},
    NamedColour{{250, 240, 160}, "pale yellow", "淡黄"},
    NamedColour{{212, 175, 55}, "gold", "金色"},
    NamedColour{{128, 128, 0}, "olive", "橄榄色"},
    NamedColour{{170, 200, 60}, "lime green", "黄绿"},
    NamedColour{{60, 160, 60}, "green", "绿色"},
    NamedColour{{30, 80, 40}, "dark green", "深绿"},
    NamedColour{{150, 180, 140}, "sage green", "鼠尾草绿"},
    NamedColour{{60, 180, 160}, "turquoise", "绿松石色"},
    NamedColour{{0, 110, 120}, "teal", "蓝绿"},
    NamedColour{{135, 206, 235}, "sky blue", "天蓝"},
    NamedColour{{70, 130, 200}, "blue", "蓝色"},
    NamedColour{{30, 60, 200}, "deep blue", "深蓝"},
    NamedColour{{40, 68, 104}, "dark blue", "暗蓝"},
    NamedColour{{20, 30, 80}, "navy", "藏青"},
    NamedColour{{100, 120, 145}, "slate blue", "石板蓝"},
    NamedColour{{185, 200, 220}, "pale blue", "淡蓝"},
    NamedColour{{120, 60, 160}, "purple", "紫色"},
    NamedColour{{70, 30, 90}, "dark purple", "深紫"},
    NamedColour{{200, 170, 220}, "lavender", "薰衣草紫"},
};

// Other words, and the name above that they mean.
struct OtherWord {
  std::string_view word, name_en;
};
constexpr OtherWord kOtherWords[] = {
    {"gray", "grey"},
    {"light gray", "light grey"},
    {"silver", "light grey"},
    {"dark grey", "charcoal"},
    {"dark gray", "charcoal"},
    {"ivory", "cream"},
    {"khaki", "tan"},
    {"crimson", "red"},
    {"scarlet", "red"},
    {"dark red", "maroon"},
    {"burgundy", "maroon"},
    {"wine red", "maroon"},
    {"fuchsia", "magenta pink"},
    {"magenta", "magenta pink"},
    {"rose red", "magenta pink"},
    {"golden", "gold"},
    {"light yellow", "pale yellow"},
    {"cyan", "turquoise"},
    {"aqua", "turquoise"},
    {"light blue", "sky blue"},
    {"royal blue", "deep blue"},
    {"navy blue", "navy"},
    {"violet", "purple"},
    {"lilac", "lavender"},
    {"黑", "black"},
    {"白", "white"},
    {"灰", "grey"},
    {"银色", "light grey"},
    {"银灰", "light grey"},
    {"深灰", "charcoal"},
    {"米白", "cream"},
    {"卡其", "tan"},
    {"棕", "brown"},
    {"褐色", "brown"},
    {"咖啡色", "brown"},
    {"红", "red"},
    {"粉红", "pink"},
    {"粉", "pink"},
    {"玫瑰红", "magenta pink"},
    {"酒红", "maroon"},
    {"暗红", "maroon"},
    {"深红", "maroon"},
    {"橙", "orange"},
    {"橘色", "orange"},
    {"橘红", "orange"},
    {"黄", "yellow"},
    {"金黄", "gold"},
    {"绿", "green"},
    {"墨绿", "dark green"},
    {"草绿", "lime green"},
    {"青色", "turquoise"},
    {"湖蓝", "turquoise"},
    {"蓝", "blue"},
    {"浅蓝", "sky blue"},
    {"宝蓝", "deep blue"},
    {"藏蓝", "navy"},
    {"紫", "purple"},
};

LabColour lab_of(const std::array<uint8_t, 3>& rgb) {
  Image one(1, 1, 3);
  std::copy(rgb.begin(), rgb.end(), one.pixels.begin());
  return lab_grid_of(one).lab[0];
}

bool part_of_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

// Where `word` stands in `text`, both in lower case; English words only whole.
size_t place_of(std::string_view word, std::string_view text) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool within = part_of_word(word[0]) && ((at > 0 && part_of_word(text[at - 1])) ||
                                                  (end < text.size() && part_of_word(text[end])));
    if (!within) return at;
  }
  return std::string_view::npos;
}

const NamedColour* of_name(std::string_view name_en) {
  const auto found = std::ranges::find_if(
      kNames, [&](const NamedColour& colour) { return colour.name_en == name_en; });
  return found == kNames.end() ? nullptr : &*found;
}

}  // namespace

const NamedColour& nearest_colour(const std::array<uint8_t, 3>& rgb) {
  const LabColour wanted = lab_of(rgb);
  return *std::min_element(kNames.begin(), kNames.end(), [&](const auto& a, const auto& b) {
    return distance(lab_of(a.rgb), wanted) < distance(lab_of(b.rgb), wanted);
  });
}

const NamedColour* colour_named_in(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(), [](unsigned char c) {
    return c < 0x80 ? static_cast<char>(std::tolower(c)) : static_cast<char>(c);
  });
  const NamedColour* best = nullptr;
  size_t first = std::string_view::npos, length = 0;
  const auto consider = [&](std::string_view word, const NamedColour* colour) {
    const size_t at = place_of(word, small);
    if (at == std::string_view::npos || at > first || (at == first && word.size() <= length))
      return;
    best = colour;
    first = at;
    length = word.size();
  };
  for (const NamedColour& colour : kNames) {
    consider(colour.name_en, &colour);
    consider(colour.name_zh, &colour);
  }
  for (const OtherWord& other : kOtherWords) consider(other.word, of_name(other.name_en));
  return best;
}

}  // namespace pentimento
