// "a cat AND a dog :0.5": prompts guided by side by side, each with a weight (webui-spec §4.6;
// https://energy-based-model.github.io/Compositional-Visual-Generation-with-Composable-Diffusion-Models/).
// The negative prompt is never split.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pentimento {

struct SubPrompt {
  std::string text;
  float weight = 1.0f;  // finite, may be negative
};

// Split at the word AND; a number after a colon at the very end of a part is its weight. Spaces
// before the weight or the end of a part are dropped, those at its beginning stay. At least one
// part. Throws InvalidArgument: not UTF-8, more than kMaxPromptBytes, a weight beyond a float's
// range.
std::vector<SubPrompt> split_and(std::string_view prompt);

}  // namespace pentimento
