// What the metadata of a safetensors file says of how it was made: kohya's "ss_…" keys and
// Stability's "modelspec.…" (https://github.com/Stability-AI/ModelSpec). Claims, not facts of the
// tensors: shown to people, never relied upon.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pentimento {

struct TrainingFacts {
  std::string title, author, license, description;
  std::string base_model;         // "anything-v4.5.safetensors", "sdxl_base_v1-0"
  std::string resolution;         // "512x512"
  std::string trained_on;         // "2024-03-01"
  std::optional<int> clip_skip;   // 1..12
  std::optional<int64_t> images;  // pictures in the training set
  std::vector<std::pair<std::string, int64_t>> tags;  // most frequent first, at most 24
  std::vector<std::string> trigger_words;             // words to put into the prompt, at most 8
};

// Never throws; what is malformed is left out.
TrainingFacts training_facts(const std::map<std::string, std::string>& metadata);

}  // namespace pentimento
