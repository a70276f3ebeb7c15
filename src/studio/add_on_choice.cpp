#include "studio/add_on_choice.h"

#include <algorithm>
#include <map>

#include "studio/coded_error.h"

namespace pentimento {
namespace {

struct Words {
  const char *what, *folder;  // for people
};
const Words& words_for(const std::string& kind) {
  static const std::map<std::string, Words> table = {
      {"ip_adapter", {"IP-Adapter", "ipadapter"}},
      {"image_encoder", {"image encoder", "clip_vision"}},
      {"catvton", {"CatVTON file", "catvton"}}};
  return table.at(kind);
}

// Published ones are often called "model" and lie in a folder of their own, with a configuration
// that belongs to them.
void name_after_folder(CatalogModel& model) {
  const std::filesystem::path folder = model.path.parent_path();
  const std::string stem = model.path.stem().string();
  std::error_code ignored;
  if ((stem == "model" || stem == "pytorch_model") &&
      std::filesystem::exists(folder / "config.json", ignored)) {
    model.name = folder.filename().string();
    model.path = folder;
  }
}

std::vector<std::string> names_of(const std::vector<CatalogModel>& models) {
  std::vector<std::string> names;
  for (const CatalogModel& model : models) names.push_back(model.name);
  return names;
}

}  // namespace

std::vector<CatalogModel> add_ons_of(const ModelCatalog& catalog, const std::string& kind) {
  std::vector<CatalogModel> models = catalog.list("other");
  std::erase_if(models,
                [&](const CatalogModel& model) { return model.kind != kind || model.problem; });
  for (CatalogModel& model : models) name_after_folder(model);
  return models;
}

CatalogModel need_add_on(const ModelCatalog& catalog, const std::string& kind,
                         const std::string& word) {
  const std::vector<CatalogModel> models = add_ons_of(catalog, kind);
  const Words& words = words_for(kind);
  if (word.empty() && models.size() == 1) return models.front();
  if (word.empty() && models.size() > 1) {
    std::string list;
    for (const std::string& name : names_of(models)) list += (list.empty() ? "" : ", ") + name;
    throw CodedError(ErrorKind::InvalidArgument, "invalid",
                     std::string("several ") + words.what + "s are there, choose one: " + list,
                     "request." + kind);
  }
  for (const CatalogModel& model : models)
    if (!word.empty() && (model.id == word || model.name == word)) return model;
  for (const CatalogModel& model : models)
    if (!word.empty() && (model.file == word || model.relative == word)) return model;
  const auto near = closest_word(word, names_of(models));
  throw CodedError(
      ErrorKind::NotFound, "no_model",
      (word.empty()
           ? std::string("there is no ") + words.what
           : std::string("there is no ") + words.what + " called '" + word.substr(0, 80) + "'") +
          (near ? "; did you mean " + *near + "?"
                : std::string("; put one into the folder ") + words.folder + " of the models"),
      "request." + kind);
}

}  // namespace pentimento
