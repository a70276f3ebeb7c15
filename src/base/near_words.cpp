#include "base/near_words.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace pentimento {
namespace {

constexpr size_t kLongestWord = 80;

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// Levenshtein's distance, one row at a time.
size_t edits_between(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t change = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, change});
    }
  }
  return row[b.size()];
}

}  // namespace

std::vector<std::string> near_words(const std::string& word, std::span<const std::string> known,
                                    size_t at_most) {
  if (word.empty() || word.size() > kLongestWord) return {};
  const std::string wanted = lower(word);
  const size_t furthest = std::max<size_t>(2, word.size() / 3);
  std::set<std::pair<size_t, std::string>> near;  // by distance, then name
  for (const std::string& name : known) {
    const std::string have = lower(name.substr(0, 2 * kLongestWord));
    const bool holds =
        have.size() >= 3 && wanted.size() >= 3 &&
        (have.find(wanted) != std::string::npos || wanted.find(have) != std::string::npos);
    if (holds) {
      near.emplace(have == wanted ? 0 : 1, name);
      continue;
    }
    // What differs in length alone by too much need not be compared.
    if (have.size() > wanted.size() + furthest || wanted.size() > have.size() + furthest) continue;
    const size_t edits = edits_between(wanted, have);
    if (edits <= furthest) near.emplace(edits, name);
  }
  std::vector<std::string> words;
  for (const auto& [distance, name] : near)
    if (words.size() < at_most) words.push_back(name);
  return words;
}

std::string did_you_mean(const std::string& word, std::span<const std::string> known) {
  std::string names;
  for (const std::string& name : near_words(word, known))
    names += (names.empty() ? "" : ", ") + name;
  return names.empty() ? "" : "; did you mean " + names + "?";
}

}  // namespace pentimento
