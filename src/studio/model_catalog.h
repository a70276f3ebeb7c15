// Which model files there are, and what is known of them without loading any.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/paths.h"
#include "pipelines/extra_files.h"
#include "studio/fields.h"

namespace pentimento {

struct CatalogModel {
  std::string id, name, file;       // id: opaque; name: file stem; file: name with extension
  std::string type = "checkpoint";  // checkpoint vae lora embedding upscaler other
  std::filesystem::path path;
  int64_t bytes = 0;
  std::optional<std::string> sha256, family, variant, problem;
  std::optional<int> native_size_px, default_steps;
  std::optional<double> default_cfg;
  std::vector<std::string> notes;
  std::map<std::string, std::string> metadata;
};

// Thread contract: share freely.
class ModelCatalog {
 public:
  virtual ~ModelCatalog() = default;
  virtual std::vector<CatalogModel> list(const std::string& type = {}) const = 0;
  virtual void refresh() = 0;
  virtual void learn_hash(const std::filesystem::path& path, const std::string& sha256) = 0;
  virtual std::filesystem::path folder() const = 0;

  // By id, name, file, "file [hash]" or hash, as AUTOMATIC1111 resolves titles; nullopt: none.
  std::optional<CatalogModel> find(const std::string& type, const std::string& word) const;
  // The same; an empty word is the first usable one. Throws CodedError "no_model" naming near ones.
  CatalogModel need(const std::string& type, const std::string& word) const;
};

// Files under DATA/models and AUTOMATIC1111's folders in it (Stable-diffusion, VAE, Lora, ESRGAN,
// embeddings); told apart by what is in them. `extra`: one more folder.
std::unique_ptr<ModelCatalog> make_folder_catalog(const Paths& paths,
                                                  std::optional<std::filesystem::path> extra = {});

// The catalog's LoRAs and embeddings, for prompts that name them.
std::shared_ptr<const ExtraFiles> extra_files_of(std::shared_ptr<const ModelCatalog> catalog);

// "file.safetensors [0123456789]", as AUTOMATIC1111 titles a checkpoint.
std::string title_of(const CatalogModel& model);

}  // namespace pentimento
