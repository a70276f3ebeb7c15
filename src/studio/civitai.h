// What Civitai (https://developer.civitai.com) says about models: its JSON, which also lies on
// people's disks as NAME.civitai.info. Strangers write it, so every field may be missing, of
// another type, or hostile; descriptions are HTML and are kept as plain text.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace pentimento {

struct CivitaiFile {
  std::string name, type, precision, format;  // type: "Model", "VAE", "Training Data" …
  int64_t bytes = 0;                          // about: Civitai rounds; 0: not told
  std::string sha256, autov3;                 // lower case; empty: not told
  std::string url;
  bool primary = false;
};

struct CivitaiImage {
  std::string url;
  int nsfw_level = 0;  // 1: for everyone; higher: less so; 0: not told
  bool video = false;
};

// One version of one model: what can be downloaded.
struct CivitaiVersion {
  int64_t model = 0, version = 0;  // 0: not told
  std::string name, version_name, type, base_model, creator, description, licence;
  std::vector<std::string> trigger_words, tags;
  std::vector<CivitaiFile> files;
  std::vector<CivitaiImage> images;
  int64_t downloads = 0;
  bool nsfw = false;

  // The file most people want: the primary model file, else the first safetensors, else the first.
  const CivitaiFile* main_file() const;
  // A picture anyone may see, if there is one.
  const CivitaiImage* preview() const;
  std::string page(
      const std::string& base) const;  // "https://civitai.com/models/1?modelVersionId=2"
};

// A model version as /api/v1/model-versions gives it and .civitai.info files hold it.
CivitaiVersion civitai_version(const nlohmann::json& json);
// All versions of a model as /api/v1/models/ID gives it, newest first.
std::vector<CivitaiVersion> civitai_model(const nlohmann::json& json);
// The newest version of every model in a page of /api/v1/models.
std::vector<CivitaiVersion> civitai_page(const nlohmann::json& json);

// "SD 1.5", "Pony", "SDXL Turbo" -> "SD1", "SDXL", …; empty: a family of another architecture or
// not known.
std::string family_of_base_model(const std::string& base_model);

// Text of a piece of HTML: tags gone, the usual entities read, lines kept; at most 20,000 bytes.
std::string text_of_html(const std::string& html);

}  // namespace pentimento
