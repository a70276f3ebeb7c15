// What the Hugging Face Hub (https://huggingface.co/docs/hub/api) says about repositories of
// models.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace pentimento {

struct HubFile {
  std::string path;
  int64_t bytes = 0;
  std::string sha256;  // of files in large-file storage, else empty
};

struct HubRepository {
  std::string id, revision, licence, base_model, author;  // revision: the commit
  std::vector<std::string> tags;
  std::vector<HubFile> files;
  int64_t downloads = 0;
  bool gated = false, nsfw = false;
};

HubRepository hub_repository(const nlohmann::json& json);

// The library's type that its tags promise: "lora", "checkpoint", … or "".
std::string hub_type(const HubRepository& repository);

// The one file people mean when they name none; nullptr when there is a choice to make.
const HubFile* hub_main_file(const HubRepository& repository);

// The files of the diffusers folder in it: configurations, tokenizer and one set of weights; empty
// when there is none.
std::vector<HubFile> hub_diffusers_files(const HubRepository& repository);

// Weight files at the top, for messages.
std::vector<std::string> hub_weight_files(const HubRepository& repository);

}  // namespace pentimento
