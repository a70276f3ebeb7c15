#include "studio/model_catalog.h"

#include <algorithm>

#include "base/sha256.h"
#include "studio/coded_error.h"
#include "weights/checkpoint.h"
#include "weights/summary.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

std::string type_of(const std::string& kind) {
  if (kind == "checkpoint" || kind == "lora" || kind == "embedding" || kind == "upscaler")
    return kind;
  if (kind == "vae" || kind == "tiny_autoencoder" || kind == "tiny-autoencoder") return "vae";
  return "other";
}

bool looks_like_a_model(const fs::directory_entry& entry) {
  std::error_code error;
  if (entry.is_directory(error)) return fs::exists(entry.path() / "model_index.json", error);
  const std::string extension = entry.path().extension().string();
  return extension == ".safetensors" || extension == ".ckpt" || extension == ".pt" ||
         extension == ".pth" || extension == ".bin";
}

void add_defaults(CatalogModel& model) {
  try {
    const ModelConfig config = open_checkpoint(model.path).config;
    model.native_size_px = config.native_size_px;
    model.default_steps = config.default_steps;
    model.default_cfg = config.default_cfg;
  } catch (const Error& error) {
    model.problem = error.what();
  }
}

CatalogModel described(const fs::path& path) {
  CatalogModel model;
  model.path = path;
  model.name = path.stem().string();
  model.file = path.filename().string();
  model.id = "m" + sha256_hex(path.string()).substr(0, 16);
  std::error_code error;
  const auto size = fs::is_directory(path, error) ? 0 : fs::file_size(path, error);
  model.bytes = error ? 0 : static_cast<int64_t>(size);
  const ModelSummary summary = summarise(path);
  model.type = type_of(summary.kind);
  if (!summary.family.empty()) model.family = summary.family;
  if (!summary.variant.empty()) model.variant = summary.variant;
  if (!summary.usable && !summary.reason.empty()) model.problem = summary.reason;
  model.notes = summary.notes;
  model.metadata = summary.metadata;
  if (model.type == "checkpoint" && !model.problem) add_defaults(model);
  return model;
}

class FolderCatalog : public ModelCatalog {
 public:
  FolderCatalog(const Paths& paths, std::optional<fs::path> extra)
      : folder_(paths.data / "models") {
    folders_ = {folder_};
    for (const char* name :
         {"Stable-diffusion", "VAE", "Lora", "ESRGAN", "RealESRGAN", "embeddings"})
      folders_.push_back(folder_ / name);
    if (extra) folders_.push_back(*extra);
    refresh();
  }

  std::vector<CatalogModel> list(const std::string& type) const override {
    std::lock_guard lock(mutex_);
    std::vector<CatalogModel> models;
    for (const auto& [key, model] : models_)
      if (type.empty() || model.type == type) models.push_back(model);
    return models;
  }

  void refresh() override {
    std::map<std::string, CatalogModel> found;
    for (const fs::path& folder : folders_) {
      std::error_code error;
      for (const auto& entry : fs::directory_iterator(folder, error)) {
        if (!looks_like_a_model(entry)) continue;
        const std::string stamp = stamp_of(entry.path());
        const std::string key = entry.path().filename().string() + "\n" + entry.path().string();
        std::unique_lock lock(mutex_);
        const auto known = models_.find(key);
        const bool same = known != models_.end() && stamps_[key] == stamp;
        CatalogModel model = same ? known->second : CatalogModel{};
        lock.unlock();
        if (!same) model = described(entry.path());
        lock.lock();
        stamps_[key] = stamp;
        found[key] = std::move(model);
      }
    }
    std::lock_guard lock(mutex_);
    models_ = std::move(found);
  }

  void learn_hash(const fs::path& path, const std::string& sha256) override {
    std::lock_guard lock(mutex_);
    for (auto& [key, model] : models_)
      if (model.path == path) model.sha256 = sha256;
  }

  fs::path folder() const override { return folder_; }

 private:
  static std::string stamp_of(const fs::path& path) {
    std::error_code error;
    const auto size = fs::is_directory(path, error) ? 0 : fs::file_size(path, error);
    const auto time = fs::last_write_time(path, error);
    return std::to_string(size) + " " + std::to_string(time.time_since_epoch().count());
  }

  fs::path folder_;
  std::vector<fs::path> folders_;
  mutable std::mutex mutex_;
  std::map<std::string, CatalogModel> models_;
  std::map<std::string, std::string> stamps_;
};

class CatalogFiles : public ExtraFiles {
 public:
  explicit CatalogFiles(std::shared_ptr<const ModelCatalog> catalog)
      : catalog_(std::move(catalog)) {}

  std::vector<File> loras() const override { return files("lora"); }
  std::vector<File> embeddings() const override { return files("embedding"); }
  std::string alias(const File& lora) const override { return lora.alias.value_or(""); }

 private:
  std::vector<File> files(const std::string& type) const {
    std::vector<File> files;
    for (const CatalogModel& model : catalog_->list(type)) {
      const auto alias = model.metadata.find("ss_output_name");
      files.push_back(
          {model.name, model.path, alias == model.metadata.end() ? std::string() : alias->second});
    }
    return files;
  }
  std::shared_ptr<const ModelCatalog> catalog_;
};

}  // namespace

std::shared_ptr<const ExtraFiles> extra_files_of(std::shared_ptr<const ModelCatalog> catalog) {
  return std::make_shared<CatalogFiles>(std::move(catalog));
}

std::string title_of(const CatalogModel& model) {
  return model.file + (model.sha256 ? " [" + model.sha256->substr(0, 10) + "]" : "");
}

std::optional<CatalogModel> ModelCatalog::find(const std::string& type,
                                               const std::string& word) const {
  if (word.empty()) return std::nullopt;
  const auto models = list(type);
  const std::string bare = word.substr(0, word.find(" ["));
  const auto matching = [&](auto predicate) -> std::optional<CatalogModel> {
    const auto it = std::find_if(models.begin(), models.end(), predicate);
    return it == models.end() ? std::nullopt : std::optional(*it);
  };
  if (auto m = matching([&](const CatalogModel& m) {
        return m.id == word || m.name == word || m.file == word || title_of(m) == word;
      }))
    return m;
  if (auto m = matching([&](const CatalogModel& m) { return m.name == bare || m.file == bare; }))
    return m;
  const bool hash =
      word.size() >= 8 && word.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!hash) return std::nullopt;
  return matching([&](const CatalogModel& m) { return m.sha256 && m.sha256->rfind(word, 0) == 0; });
}

CatalogModel ModelCatalog::need(const std::string& type, const std::string& word) const {
  if (auto model = find(type, word)) return *model;
  const auto models = list(type);
  if (word.empty())
    for (const CatalogModel& model : models)
      if (!model.problem) return model;
  if (word.empty())
    throw CodedError(ErrorKind::NotFound, "no_model",
                     "there is no model yet: put a Stable Diffusion checkpoint (.safetensors or "
                     ".ckpt) into the models folder; painting styles need none",
                     "model");
  std::vector<std::string> names;
  for (const CatalogModel& model : models) names.push_back(model.name);
  const auto near = closest_word(word, names);
  throw CodedError(ErrorKind::NotFound, "no_model",
                   "there is no " + type + " called '" + word.substr(0, 80) + "'" +
                       (near ? "; did you mean " + *near + "?" : ""),
                   type == "vae" ? "vae" : "model");
}

std::unique_ptr<ModelCatalog> make_folder_catalog(const Paths& paths,
                                                  std::optional<fs::path> extra) {
  return std::make_unique<FolderCatalog>(paths, std::move(extra));
}

}  // namespace pentimento
