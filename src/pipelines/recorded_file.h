// A file that a picture was made with, as its infotext names it: "Mask: m.png, Mask SHA-256: …".
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "text/infotext.h"

namespace pentimento {

using InfotextFacts = std::vector<std::pair<std::string, std::string>>;

struct RecordedFile {
  std::string name, sha256;
};

inline void record_file(InfotextFacts& facts, const std::string& key, const std::string& name,
                        const std::string& sha256) {
  facts.emplace_back(key, name);
  facts.emplace_back(key + " SHA-256", sha256);
}

inline std::optional<RecordedFile> recorded_file(const Infotext& info, const std::string& key) {
  const auto sha256 = info.get(key + " SHA-256");
  if (!sha256) return {};
  return RecordedFile{info.get(key).value_or(""), *sha256};
}

// "name [1a2b3c4d5e]" -> "name"
inline std::string without_hash(const std::string& text) {
  const size_t bracket = text.rfind(" [");
  return bracket == std::string::npos ? text : text.substr(0, bracket);
}

}  // namespace pentimento
