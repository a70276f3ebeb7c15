// What a model file is, in a few plain values: what `inspect MODEL` and the model library show.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace pentimento {

struct ModelSummary {
  bool readable = false;      // tensors were found and told apart
  bool usable = false;        // this program can make pictures with it, or use it beside a model
  std::string reason;         // why it is not readable or not usable: one line, else empty
  std::string kind;           // kind_word(): "checkpoint", "vae", "lora" …
  std::string kind_sentence;  // kind_description(): "a LoRA, an addition to a model …"
  std::string family;         // checkpoints: "SD1" …, else empty
  std::string variant;        // checkpoints: "base", "inpaint" …, else empty
  std::string precision;      // dtype that most bytes have: "F16"
  int64_t parameters = 0;     // numbers in all tensors
  int64_t tensors = 0;
  std::vector<std::string> notes;  // how uncertain things were decided, what is not used
  std::map<std::string, std::string> metadata;  // as in the file
};

// Reads names and shapes only. Never throws for what is in the file: a hostile, damaged or missing
// one gives a summary with a reason.
ModelSummary summarise(const std::filesystem::path& path);

}  // namespace pentimento
