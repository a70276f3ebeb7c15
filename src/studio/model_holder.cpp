#include "studio/model_holder.h"

#include <algorithm>

namespace pentimento {
namespace {

constexpr size_t kModelsHeld = 4;

std::string key_of(const CatalogModel& model) {
  return model.path.string() + "\n" + std::to_string(model.bytes) + " " +
         std::to_string(model.changed_s) + "\n";
}

}  // namespace

std::shared_ptr<LoadedModel> ModelHolder::get(const ModelFiles& files, const Progress& progress) {
  std::lock_guard lock(mutex_);
  const std::string key = key_of(files.model) + "vae " + (files.vae ? key_of(*files.vae) : "") +
                          "text " + (files.text ? key_of(*files.text) : "");
  const auto known = std::find_if(models_.begin(), models_.end(),
                                  [&](const Held& held) { return held.key == key; });
  if (known != models_.end()) {
    models_.splice(models_.begin(), models_, known);
    return models_.front().model;
  }
  const auto path_of = [](const std::optional<CatalogModel>& file) {
    return file ? std::optional(file->path) : std::nullopt;
  };
  auto loaded = std::make_shared<LoadedModel>(load_model(
      runtime_, files.model.path, path_of(files.vae), cache_, progress, path_of(files.text)));
  loaded->extras = extra_files_of(catalog_);
  catalog_->learn_hash(files.model.path, loaded->sha256);
  models_.push_front({key, std::move(loaded)});
  if (models_.size() > kModelsHeld) models_.pop_back();
  return models_.front().model;
}

void ModelHolder::drop() {
  std::lock_guard lock(mutex_);
  models_.clear();
}

}  // namespace pentimento
