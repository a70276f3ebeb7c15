#include "studio/model_catalog.h"

#include <algorithm>

#include "studio/coded_error.h"

namespace pentimento {
namespace {

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
  using M = const CatalogModel&;
  // What is unique comes first: two files may share a stem or a name.
  if (auto m = matching([&](M m) { return m.id == word || m.name == word; })) return m;
  if (auto m = matching([&](M m) { return m.relative == word || title_of(m) == word; })) return m;
  for (const std::string& text : {word, bare}) {
    if (auto m = matching([&](M m) { return m.name == text || m.relative == text; })) return m;
    if (auto m = matching([&](M m) { return m.file == text || m.path.stem() == text; })) return m;
  }
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

CatalogModel ModelCatalog::details(const std::string& id) const {
  for (const CatalogModel& model : list())
    if (model.id == id) return model;
  throw CodedError(ErrorKind::NotFound, "no_model",
                   "there is no model with the id '" + id.substr(0, 40) + "'", "id");
}

void ModelCatalog::forget(const std::string& id) {
  details(id);
  throw CodedError(ErrorKind::InvalidArgument, "conflict",
                   "this model is there; only models whose file is gone can be forgotten", "id");
}

void ModelCatalog::change_notes(const std::string& id, const NotesChange& change) {
  change_model_notes(details(id).path, change);
}

}  // namespace pentimento
