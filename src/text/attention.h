// Attention: (more) [less] (by this much:1.3), escapes and BREAK (webui-spec §4.2).
//
//   (x)      ×1.1          [x]      ÷1.1          (x:w)   ×w; nesting multiplies
//   \( \) \[ \] \\         the character itself; any other backslash vanishes
//   BREAK                  ends the chunk of 75 tokens. Inside brackets it is a word of negative
//                          weight, as in the original.
// Unclosed brackets reach to the end, unmatched closing ones are text, [x:1.2] is no weight.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pentimento {

// Original: weights, then each chunk's mean restored.   NoNorm: weights only.
// Ignore: brackets are read and weights dropped.        None: no syntax at all, BREAK included.
enum class Emphasis { Original, None, Ignore, NoNorm };

// The names A1111 writes: "Original", "None", "Ignore", "No norm".
const char* to_string(Emphasis emphasis);
Emphasis parse_emphasis(std::string_view name);  // throws InvalidArgument

struct WeightedText {
  std::string text;
  float weight = 1.0f;  // finite
  bool is_break = false;
};

// Neighbours differ in weight; at least one entry. With Ignore the pieces are cut as their weights
// would have it, and all weights are 1 (BREAK stays a break).
// Throws InvalidArgument: not UTF-8, a weight like (a:1.2.3), a weight beyond a float's range, more
// than kMaxPromptBytes or kMaxOpenBrackets.
std::vector<WeightedText> parse_attention(std::string_view prompt,
                                          Emphasis emphasis = Emphasis::Original);

}  // namespace pentimento
