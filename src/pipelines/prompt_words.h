// The textual inversions that a request's prompts name: files whose name, as tokens, stands
// anywhere in a prompt (webui-spec §4.8), and those that LoRAs in use bring along.
#pragma once

#include <string>
#include <vector>

#include "pipelines/conditioning.h"
#include "pipelines/loaded_model.h"

namespace pentimento {

struct FoundWords {
  PromptWords words;
  std::string hashes;              // "name: 0123456789ab, …": A1111's "TI hashes"
  std::vector<std::string> notes;  // named in a prompt, but not to be used, and why
};

// Opens the files that are named; one of another family, or damaged, is noted and stays text.
FoundWords find_words(const LoadedModel& model, const std::string& prompt,
                      const std::string& negative_prompt);

}  // namespace pentimento
