#include "samplers/names.h"

#include <algorithm>
#include <numeric>

namespace pentimento {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Insertions, deletions and replacements that turn a into b.
size_t edits(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (lower(a[i]) == lower(b[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool ends_with_name(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && same_name(text.substr(text.size() - end.size()), end);
}

std::string unknown_name(std::string_view what, std::string_view name,
                         std::span<const std::string> candidates) {
  constexpr size_t kLongest = 64;  // a whole file pasted into the field is not a name
  const std::string_view shown = name.substr(0, kLongest);
  std::vector<std::string> near(candidates.begin(), candidates.end());
  std::stable_sort(near.begin(), near.end(), [&](const std::string& a, const std::string& b) {
    return edits(shown, a) < edits(shown, b);
  });
  near.resize(std::min<size_t>(near.size(), 3));

  std::string text =
      "unknown " + std::string(what) + " '" + std::string(shown) + "'; did you mean ";
  for (size_t i = 0; i < near.size(); ++i) {
    if (i > 0) text += i + 1 < near.size() ? ", " : " or ";
    text += "'" + near[i] + "'";
  }
  return text + "?";
}

}  // namespace pentimento
