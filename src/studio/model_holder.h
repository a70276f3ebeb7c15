// The one model that is loaded, shared by all runners that need one.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "pipelines/loaded_model.h"
#include "runtime/runtime.h"
#include "studio/model_catalog.h"

namespace pentimento {

// Thread contract: get() and drop() from any thread; the model computes on one.
class ModelHolder {
 public:
  ModelHolder(Runtime& runtime, std::filesystem::path cache, std::shared_ptr<ModelCatalog> catalog)
      : runtime_(runtime), cache_(std::move(cache)), catalog_(std::move(catalog)) {}
  std::shared_ptr<LoadedModel> get(const CatalogModel& model,
                                   const std::optional<CatalogModel>& vae,
                                   const Progress& progress);
  void drop();

 private:
  Runtime& runtime_;
  std::filesystem::path cache_;
  std::shared_ptr<ModelCatalog> catalog_;
  std::mutex mutex_;
  std::string key_;
  std::shared_ptr<LoadedModel> model_;
};

}  // namespace pentimento
