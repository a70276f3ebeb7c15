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

std::shared_ptr<LoadedModel> ModelHolder::get(const CatalogModel& model,
                                              const std::optional<CatalogModel>& vae,
                                              const Progress& progress) {
  std::lock_guard lock(mutex_);
  const std::string key = key_of(model) + (vae ? key_of(*vae) : "");
  const auto known = std::find_if(models_.begin(), models_.end(),
                                  [&](const Held& held) { return held.key == key; });
  if (known != models_.end()) {
    models_.splice(models_.begin(), models_, known);
    return models_.front().model;
  }
  auto loaded = std::make_shared<LoadedModel>(load_model(
      runtime_, model.path, vae ? std::optional(vae->path) : std::nullopt, cache_, progress));
  loaded->extras = extra_files_of(catalog_);
  catalog_->learn_hash(model.path, loaded->sha256);
  models_.push_front({key, std::move(loaded)});
  if (models_.size() > kModelsHeld) models_.pop_back();
  return models_.front().model;
}

void ModelHolder::drop() {
  std::lock_guard lock(mutex_);
  models_.clear();
}

}  // namespace pentimento
