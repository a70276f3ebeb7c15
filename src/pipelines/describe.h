// A prompt from a picture. Three sources, best first, and the result says which it was: what the
// picture's file records of its making; what CLIP sees, out of a table of terms; and, without any
// model, what can be measured.
// Limitations: CLIP ranks the terms it is given, it does not make sentences, and it may be wrong;
// measuring knows nothing of what is shown.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "image/appearance.h"
#include "image/image.h"
#include "text/infotext.h"

namespace pentimento {

struct Term {
  std::string category, en, zh;
  bool operator==(const Term&) const = default;
};

// Lines of "category TAB English TAB Chinese"; empty lines and those that begin with # are skipped.
// Throws NotFound, CorruptFile naming the line.
std::vector<Term> read_terms(const std::filesystem::path& file);

struct RankedTerm {
  Term term;
  double share = 0;  // 0..1 within its category, softmax of 100 * cosine as CLIP was trained
};

// Of each category, in the table's order, the terms that stand out: the best one when its share is
// at least a fifth, and others with at least two thirds of the best one's, three at most.
// `cosines`: one for each term, -1..1. Throws InvalidArgument when the counts differ.
std::vector<RankedTerm> rank_terms(const std::vector<Term>& terms,
                                   const std::vector<float>& cosines);

struct Description {
  enum class Source { Recorded, Seen, Measured } source = Source::Measured;
  std::string by;                    // "ComfyUI"; the CLIP model's name; empty
  std::string prompt, prompt_zh;     // prompt_zh is empty when recorded
  std::string negative_prompt;       // recorded
  std::optional<Infotext> recorded;  // with all settings
  std::vector<RankedTerm> terms;     // seen
  Appearance appearance;             // always
};
const char* to_string(Description::Source source);  // "recorded", "seen", "measured"
// For people: "recorded in the file by ComfyUI", "measured; no CLIP model looked at it".
std::string spoken_source(const Description& description);

struct DescribeInputs {
  std::optional<Infotext> recorded;  // of the file; wins when it has a prompt
  std::string recorded_by;
  std::vector<Term> terms;
  // The cosine of the picture with each term; absent without a CLIP model.
  std::function<std::vector<float>(const Image&, const std::vector<Term>&)> see;
  std::string seen_by;
  bool ignore_recorded = false;
};

// Throws InvalidArgument for an empty picture, and what `see` throws.
Description describe_picture(const Image& picture, const DescribeInputs& inputs);

}  // namespace pentimento
