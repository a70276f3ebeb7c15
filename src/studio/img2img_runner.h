// The jobs img2img and txt2img: models found in the catalog, one resident at a time.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/paths.h"
#include "pipelines/loaded_model.h"
#include "runtime/runtime.h"
#include "studio/job_runner.h"
#include "studio/model_catalog.h"
#include "studio/settings.h"

namespace pentimento {

// The one model that is loaded, shared by all runners that need one.
// Thread contract: get() and drop() from any thread; the model computes on one.
class ResidentModel {
 public:
  ResidentModel(Runtime& runtime, std::filesystem::path cache,
                std::shared_ptr<ModelCatalog> catalog)
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

struct Img2ImgRunnerDeps {
  std::shared_ptr<ResidentModel> resident;
  std::shared_ptr<ModelCatalog> catalog;
  std::shared_ptr<Settings> settings;  // may be null: no defaults
  std::filesystem::path timings_file;
};
std::unique_ptr<JobRunner> make_img2img_runner(Img2ImgRunnerDeps deps);
std::unique_ptr<JobRunner> make_txt2img_runner(Img2ImgRunnerDeps deps);

// A small RGB view of a latent, or nothing when this model offers no cheap one.
std::optional<Image> quick_look(LoadedModel& model, const Tensor& latent);

uint64_t drawn_seed();  // 0 .. 2^32-1

}  // namespace pentimento
