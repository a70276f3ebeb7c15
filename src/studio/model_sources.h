// Civitai, Hugging Face and plain addresses as places to find models and get them from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/progress.h"
#include "studio/civitai.h"
#include "studio/web_client.h"

namespace pentimento {

struct OfferedFile {
  std::string path;  // of a folder: relative; of a single file: its name
  std::string url;
  int64_t bytes = 0;   // exactly; 0: not known
  std::string sha256;  // empty: the source does not say
};

// Something that can be fetched.
struct ModelOffer {
  std::string source;  // "civitai", "hugging_face", "address"
  std::string spec;    // what get takes: "civitai:1@2", "hf:owner/name:file", "https://…"
  std::string name, version, type;  // type: as the library's, "" when not known
  std::string base_model, family;   // in the source's words; as this program calls it, or ""
  std::string licence, creator, description, page, preview_url;
  std::vector<std::string> trigger_words;
  int64_t bytes = 0, downloads = 0;  // bytes: about
  bool nsfw = false;
  std::vector<OfferedFile> files;  // several: a diffusers folder named `name`
  std::string civitai_json;        // a model version as .civitai.info files hold it, or empty
};

struct ModelQuery {
  std::string text;
  std::string source = "civitai";  // or "hugging_face"
  std::string type, family;        // empty: any
  int limit = 20;                  // 1..100
  bool nsfw = false;
};

// Thread contract: share freely.
class ModelSources {
 public:
  explicit ModelSources(WebOptions options) : web_(std::move(options)) {}

  // Throws WebError; InvalidArgument for an unknown source, type or family.
  std::vector<ModelOffer> search(const ModelQuery& query, const Progress& progress) const;

  // "civitai:MODEL", "civitai:MODEL@VERSION", "urn:air:…:civitai:…",
  // "hf:owner/name[@revision][:file]", a page's or a file's address. Throws WebError;
  // InvalidArgument naming the forms, or the files there are to choose from.
  ModelOffer resolve(const std::string& spec, const Progress& progress) const;

  // What Civitai knows of a file by its SHA-256; WebError "not_found" when nothing.
  ModelOffer known_to_civitai(const std::string& sha256, const Progress& progress) const;

  // The bytes of a preview picture, at most 20 MB.
  std::string picture(const std::string& url, const Progress& progress) const;

  const WebClient& web() const { return web_; }

 private:
  nlohmann::json ask(const std::string& url, const Progress& progress) const;
  ModelOffer offer_of(const CivitaiVersion& version) const;
  ModelOffer civitai(int64_t model, int64_t version, const Progress& progress) const;
  ModelOffer hugging_face(const std::string& repository, const std::string& revision,
                          const std::string& file, const Progress& progress) const;
  std::vector<ModelOffer> search_civitai(const ModelQuery& query, const Progress& progress) const;
  std::vector<ModelOffer> search_hugging_face(const ModelQuery& query,
                                              const Progress& progress) const;
  WebClient web_;
};

// The parts of a spec; `source` is empty when it is none of the forms.
struct ModelSpec {
  std::string source;
  int64_t model = 0, version = 0;          // Civitai
  std::string repository, revision, file;  // Hugging Face
  std::string url;
};
ModelSpec parse_model_spec(const std::string& spec, const SourceSettings& settings);

}  // namespace pentimento
