// Normal form C (https://www.unicode.org/reports/tr15/) from GLib's tables. Its own
// g_utf8_normalize moves characters about one by one, and takes minutes for a megabyte of marks.
#include <glib.h>

#include <algorithm>
#include <vector>

#include "text/unicode.h"

namespace pentimento {
namespace {

int mark_class(gunichar c) { return g_unichar_combining_class(c); }
bool is_mark(gunichar c) { return mark_class(c) != 0; }

// Every character taken apart, the marks behind a letter in the order of their classes.
std::vector<gunichar> decompose(std::string_view text) {
  std::vector<gunichar> characters;
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
    const size_t count =
        g_unichar_fully_decompose(c.value, /*compat=*/FALSE, parts, std::size(parts));
    characters.insert(characters.end(), parts, parts + count);
    at += c.length;
  }
  for (auto begin = characters.begin(); begin != characters.end();) {
    begin = std::find_if(begin, characters.end(), is_mark);
    const auto end = std::find_if_not(begin, characters.end(), is_mark);
    std::stable_sort(begin, end,
                     [](gunichar a, gunichar b) { return mark_class(a) < mark_class(b); });
    begin = end;
  }
  return characters;
}

// Joins each character with the last letter, unless one of the same or a higher class that could
// not be joined stands between.
void compose(std::vector<gunichar>& characters) {
  size_t kept = 0;
  bool has_letter = false;
  size_t letter = 0;
  for (const gunichar c : characters) {
    const bool is_adjacent = has_letter && letter + 1 == kept;
    const bool is_open = has_letter && mark_class(characters[kept - 1]) < mark_class(c);
    gunichar joined;
    if ((is_adjacent || is_open) && g_unichar_compose(characters[letter], c, &joined)) {
      characters[letter] = joined;
      continue;
    }
    if (!is_mark(c)) {
      has_letter = true;
      letter = kept;
    }
    characters[kept++] = c;
  }
  characters.resize(kept);
}

}  // namespace

std::string to_nfc(std::string_view text) {
  if (std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; }))
    return std::string(text);
  std::vector<gunichar> characters = decompose(text);
  compose(characters);
  std::string out;
  out.reserve(text.size());
  for (gunichar c : characters) append_utf8(out, c);
  return out;
}

}  // namespace pentimento
