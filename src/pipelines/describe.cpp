#include "pipelines/describe.h"

#include <algorithm>
#include <cmath>
#include <fstream>

#include "base/error.h"
#include "image/colour_names.h"

namespace pentimento {
namespace {

constexpr double kTemperature = 100;  // CLIP's learnt logit scale
constexpr double kStandsOut = 0.2;    // share of the best term of a category
constexpr double kNearlyAsGood = 2.0 / 3;
constexpr size_t kMostOfACategory = 3;
constexpr size_t kColoursNamed = 3;
constexpr size_t kLongestTerm = 200;
constexpr const char* kNothing = "no clothes visible";  // said by silence

std::string joined(const std::vector<std::string>& parts, const char* between) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : between) + part;
  return text;
}

// The palette's largest colours by name, each once.
struct ColourNames {
  std::vector<std::string> en, zh;
};
ColourNames colour_names(const Appearance& appearance) {
  ColourNames names;
  for (const PaletteColour& colour : appearance.palette) {
    const NamedColour& named = nearest_colour(colour.rgb);
    if (std::find(names.en.begin(), names.en.end(), named.name_en) != names.en.end()) continue;
    names.en.push_back(named.name_en);
    names.zh.push_back(named.name_zh);
    if (names.en.size() == kColoursNamed) break;
  }
  return names;
}

void say_measured(Description& description) {
  std::vector<std::string> en, zh;
  for (const Word& word : appearance_words(description.appearance)) {
    en.push_back(word.en);
    zh.push_back(word.zh);
  }
  const ColourNames colours = colour_names(description.appearance);
  if (!colours.en.empty()) {
    en.push_back(joined(colours.en, " and "));
    zh.push_back(joined(colours.zh, "与"));
  }
  description.prompt = joined(en, ", ");
  description.prompt_zh = joined(zh, "，");
}

void say_seen(Description& description) {
  std::vector<std::string> en, zh;
  for (const RankedTerm& ranked : description.terms) {
    if (ranked.term.en == kNothing) continue;
    en.push_back(ranked.term.en);
    zh.push_back(ranked.term.zh);
  }
  description.prompt = joined(en, ", ");
  description.prompt_zh = joined(zh, "，");
}

}  // namespace

std::vector<Term> read_terms(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream)
    throw Error(ErrorKind::NotFound, file.string() +
                                         ": no such table of terms; it comes with the "
                                         "program, reinstall it");
  std::vector<Term> terms;
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty() || line[0] == '#') continue;
    const size_t first = line.find('\t');
    const size_t second = first == std::string::npos ? first : line.find('\t', first + 1);
    if (second == std::string::npos || first == 0 || second == first + 1 ||
        second + 1 == line.size() || line.find('\t', second + 1) != std::string::npos ||
        line.size() > kLongestTerm)
      throw Error(ErrorKind::CorruptFile,
                  file.string() + ": line " + std::to_string(number) +
                      " is not CATEGORY tab ENGLISH tab CHINESE of at most 200 bytes");
    terms.push_back({line.substr(0, first), line.substr(first + 1, second - first - 1),
                     line.substr(second + 1)});
  }
  return terms;
}

std::vector<RankedTerm> rank_terms(const std::vector<Term>& terms,
                                   const std::vector<float>& cosines) {
  if (terms.size() != cosines.size())
    throw Error(ErrorKind::InvalidArgument, std::to_string(cosines.size()) + " cosines for " +
                                                std::to_string(terms.size()) + " terms");
  std::vector<std::string> categories;
  for (const Term& term : terms)
    if (std::find(categories.begin(), categories.end(), term.category) == categories.end())
      categories.push_back(term.category);

  std::vector<RankedTerm> result;
  for (const std::string& category : categories) {
    std::vector<RankedTerm> ranked;
    double sum = 0;
    for (size_t i = 0; i < terms.size(); ++i) {
      if (terms[i].category != category) continue;
      const double share = std::exp(kTemperature * (static_cast<double>(cosines[i]) - 1));
      ranked.push_back({terms[i], share});
      sum += share;
    }
    for (RankedTerm& term : ranked) term.share = sum > 0 ? term.share / sum : 0;
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const auto& a, const auto& b) { return a.share > b.share; });
    const double best = ranked[0].share;
    for (size_t i = 0; i < std::min(ranked.size(), kMostOfACategory); ++i)
      if (best >= kStandsOut && ranked[i].share >= kNearlyAsGood * best)
        result.push_back(ranked[i]);
  }
  return result;
}

const char* to_string(Description::Source source) {
  switch (source) {
    case Description::Source::Recorded:
      return "recorded";
    case Description::Source::Seen:
      return "seen";
    case Description::Source::Measured:
      break;
  }
  return "measured";
}

std::string spoken_source(const Description& description) {
  switch (description.source) {
    case Description::Source::Recorded:
      return "recorded in the file by " + description.by;
    case Description::Source::Seen:
      return "seen by " + description.by + ", out of a table of terms";
    case Description::Source::Measured:
      break;
  }
  return "measured only: no CLIP model has looked at what the picture shows";
}

Description describe_picture(const Image& picture, const DescribeInputs& inputs) {
  Description description;
  description.appearance = measure_appearance(picture);
  if (inputs.recorded && !inputs.recorded->prompt.empty() && !inputs.ignore_recorded) {
    description.source = Description::Source::Recorded;
    description.by = inputs.recorded_by;
    description.recorded = inputs.recorded;
    description.prompt = inputs.recorded->prompt;
    description.negative_prompt = inputs.recorded->negative_prompt;
    return description;
  }
  if (inputs.see && !inputs.terms.empty()) {
    description.terms = rank_terms(inputs.terms, inputs.see(picture, inputs.terms));
    description.source = Description::Source::Seen;
    description.by = inputs.seen_by;
    say_seen(description);
    if (!description.prompt.empty()) return description;
  }
  description.source = Description::Source::Measured;
  description.by.clear();
  say_measured(description);
  return description;
}

}  // namespace pentimento
