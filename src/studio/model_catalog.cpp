#include "studio/model_catalog.h"

#include <algorithm>

#include "base/near_words.h"
#include "studio/coded_error.h"

namespace pentimento {
namespace {

std::string without_extension(const std::string& path) {
  return std::filesystem::path(path).replace_extension().generic_string();
}

class CatalogFiles : public ExtraFiles {
 public:
  explicit CatalogFiles(std::shared_ptr<const ModelCatalog> catalog)
      : catalog_(std::move(catalog)) {}

  // By stem, as AUTOMATIC1111 has it; of two with one stem each also by as much of its path as one
  // likes: "anime/style".
  std::vector<File> loras() const override {
    std::vector<File> files, apart;
    for (const CatalogModel& model : catalog_->list("lora")) {
      files.push_back({model.path.stem().string(), model.path, model.alias});
      if (model.name == files.back().name) continue;
      const std::string path = without_extension(model.relative);
      for (size_t begin = 0; begin != std::string::npos; begin = path.find('/', begin)) {
        if (begin > 0) ++begin;
        if (path.find('/', begin) != std::string::npos)
          apart.push_back({path.substr(begin), model.path, std::string()});
      }
    }
    files.insert(files.end(), apart.begin(), apart.end());
    return files;
  }
  std::vector<File> embeddings() const override {
    std::vector<File> files;
    for (const CatalogModel& model : catalog_->list("embedding"))
      files.push_back({model.path.stem().string(), model.path, std::string()});
    return files;
  }
  std::string alias(const File& lora) const override { return lora.alias.value_or(""); }
  std::optional<File> lora_of_hash(const std::string& digits) const override {
    const auto model = catalog_->find("lora", digits);
    if (!model) return std::nullopt;
    return File{model->path.stem().string(), model->path, model->alias};
  }

 private:
  std::shared_ptr<const ModelCatalog> catalog_;
};

// "anime/style" ends "Stable-diffusion/anime/style", but not "japanime/style".
bool ends_path(const std::string& path, const std::string& end) {
  return path == end || (path.size() > end.size() && path.ends_with(end) &&
                         path[path.size() - end.size() - 1] == '/');
}

// AUTOMATIC1111's names: the path below the folder of its type, with or without extension, or with
// '_' for '/'.
bool has_a1111_name(const CatalogModel& model, const std::string& word) {
  const std::string bare = without_extension(model.relative);
  if (ends_path(model.relative, word) || ends_path(bare, word)) return true;
  if (word.find('_') == std::string::npos) return false;
  for (size_t begin = 0; begin != std::string::npos;) {
    std::string joined = bare.substr(begin);
    std::replace(joined.begin(), joined.end(), '/', '_');
    if (joined == word) return true;
    begin = bare.find('/', begin);
    if (begin != std::string::npos) ++begin;
  }
  return false;
}

bool has_hash(const CatalogModel& model, const std::string& digits) {
  if (model.autov3 && digits.size() >= 10 && model.autov3->starts_with(digits)) return true;
  return model.sha256 && model.sha256->starts_with(digits);
}

// Digits that may begin a hash, in lower case; "" when `word` is none.
std::string hash_digits(std::string word) {
  for (char& c : word)
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  const bool hash =
      word.size() >= 8 && word.find_first_not_of("0123456789abcdef") == std::string::npos;
  return hash ? word : "";
}

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
  // What is unique comes first: two files may share a stem or a name. In "style [0123456789]" the
  // hash tells which of them is meant.
  if (auto m = matching([&](M m) { return m.id == word || m.name == word; })) return m;
  if (auto m = matching([&](M m) { return m.relative == word || title_of(m) == word; })) return m;
  if (bare != word && word.ends_with(']')) {
    const std::string inside = word.substr(bare.size() + 2, word.size() - bare.size() - 3);
    if (const std::string digits = hash_digits(inside); !digits.empty())
      if (auto m = matching([&](M m) { return has_hash(m, digits); })) return m;
  }
  for (const std::string& text : {word, bare}) {
    if (auto m = matching([&](M m) { return m.name == text || m.relative == text; })) return m;
    if (auto m = matching([&](M m) { return m.file == text || m.path.stem() == text; })) return m;
    if (auto m = matching([&](M m) { return has_a1111_name(m, text); })) return m;
  }
  if (auto m = matching([&](M m) { return !m.alias.empty() && m.alias == word; })) return m;
  const std::string digits = hash_digits(word);
  if (digits.empty()) return std::nullopt;
  return matching([&](M m) { return has_hash(m, digits); });
}

namespace {

// Why there is none of that name: gone, of another type, or not hashed yet.
std::string why_not(const ModelCatalog& catalog, const std::string& type, const std::string& word) {
  for (const CatalogModel& model : catalog.missing())
    if ((type.empty() || model.type == type) &&
        (model.name == word || model.file == word || model.relative == word || model.id == word))
      return "; its file is gone, it was " + model.relative;
  if (const auto other = type.empty() ? std::nullopt : catalog.find("", word))
    return "; " + other->name + " is of the type " + other->type;
  std::vector<std::string> names;
  for (const CatalogModel& model : catalog.list(type)) names.push_back(model.name);
  std::string near = did_you_mean(word, names);
  const int unknown = hash_digits(word).empty() ? 0 : catalog.state().to_hash;
  if (near.empty() && unknown > 0)
    return "; the hashes of " + std::to_string(unknown) + " files are not known yet";
  return near;
}

}  // namespace

CatalogModel ModelCatalog::need(const std::string& type, const std::string& word) const {
  if (auto model = find(type, word)) return *model;
  if (word.empty()) {
    for (const bool built_in : {false, true})
      for (const CatalogModel& model : list(type))
        if (!model.problem && model.built_in == built_in) return model;
    throw CodedError(ErrorKind::NotFound, "no_model",
                     "there is no model yet: put a Stable Diffusion checkpoint (.safetensors or "
                     ".ckpt) into the models folder; painting styles need none",
                     "model");
  }
  throw CodedError(ErrorKind::NotFound, "no_model",
                   "there is no " + (type.empty() ? "model" : type) + " called '" +
                       word.substr(0, 80) + "'" + why_not(*this, type, word),
                   type == "vae" ? "vae" : "model");
}

CatalogModel ModelCatalog::need_text_encoder(const std::string& word) const {
  const auto alone = find("other", word);
  return alone && alone->kind == "text_encoder" ? *alone : need("checkpoint", word);
}

std::string ModelCatalog::any_model_of(const std::string& family) const {
  for (const CatalogModel& model : list("checkpoint"))
    if (!model.problem && (family.empty() || model.family == family)) return model.name;
  return "";
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
