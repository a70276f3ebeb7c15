// The models used last, shared by all runners that need one. A model that waits costs little: its
// weights lie in mapped files, and its compiled networks leave when another model's need the room
// (runtime/network_budget.h). Switching back to one whose networks stayed costs nothing.
#pragma once

#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "pipelines/loaded_model.h"
#include "runtime/runtime.h"
#include "studio/model_catalog.h"

namespace pentimento {

// The files that make a model.
struct ModelFiles {
  CatalogModel model;
  std::optional<CatalogModel> vae;   // instead of the model's own
  std::optional<CatalogModel> text;  // lends its text encoder to a model without one
};

// Thread contract: get() and drop() from any thread; the models compute on one.
class ModelHolder {
 public:
  ModelHolder(Runtime& runtime, std::filesystem::path cache, std::shared_ptr<ModelCatalog> catalog)
      : runtime_(runtime), cache_(std::move(cache)), catalog_(std::move(catalog)) {}
  std::shared_ptr<LoadedModel> get(const ModelFiles& files, const Progress& progress);
  void drop();

 private:
  Runtime& runtime_;
  std::filesystem::path cache_;
  std::shared_ptr<ModelCatalog> catalog_;
  struct Held {
    std::string key;  // the files, their sizes and times
    std::shared_ptr<LoadedModel> model;
  };
  std::mutex mutex_;
  std::list<Held> models_;  // most recently used first
};

}  // namespace pentimento
