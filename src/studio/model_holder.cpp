#include "studio/model_holder.h"

namespace pentimento {

std::shared_ptr<LoadedModel> ModelHolder::get(const CatalogModel& model,
                                              const std::optional<CatalogModel>& vae,
                                              const Progress& progress) {
  std::lock_guard lock(mutex_);
  const std::string key = model.path.string() + "\n" + (vae ? vae->path.string() : "");
  if (model_ && key == key_) return model_;
  model_.reset();  // never two at once in memory
  model_ = std::make_shared<LoadedModel>(load_model(
      runtime_, model.path, vae ? std::optional(vae->path) : std::nullopt, cache_, progress));
  model_->extras = extra_files_of(catalog_);
  key_ = key;
  catalog_->learn_hash(model.path, model_->sha256);
  return model_;
}

void ModelHolder::drop() {
  std::lock_guard lock(mutex_);
  model_.reset();
}

}  // namespace pentimento
