// A model file explained to its owner: what it is, what it needs, how it is used.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "weights/summary.h"

namespace pentimento {

enum class Language { English, Chinese };

struct Explanation {
  std::string what;     // "a LoRA: a small change of style or subject laid over a model"
  std::string needs;    // what it has to be used with; empty when nothing
  std::string use;      // where it goes and how it is called
  std::string example;  // a command to type; empty when this program cannot use the file
  std::string problem;  // why it cannot be used; empty when it can. Details may be English
  std::vector<std::pair<std::string, std::string>> facts;  // label and value, most telling first
};

// `path` as the user typed it, for the example; `model`: one that it goes with, where the reader
// has one ("": the example says MODEL). Never throws.
Explanation explain(const ModelSummary& summary, const std::filesystem::path& path,
                    Language language, const std::string& model = {});

}  // namespace pentimento
