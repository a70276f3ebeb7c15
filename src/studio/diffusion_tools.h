// What every job that denoises needs: its model, its pictures, and the way a running pipeline
// speaks to the worker.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "pipelines/add_ons.h"
#include "pipelines/controls.h"
#include "pipelines/img2img.h"
#include "studio/job_runner.h"
#include "studio/model_catalog.h"
#include "studio/model_holder.h"
#include "studio/request_json.h"
#include "studio/settings.h"

namespace pentimento {

// Thread contract: as JobRunner; copies share everything.
struct DiffusionTools {
  std::shared_ptr<ModelHolder> holder;
  std::shared_ptr<ModelCatalog> catalog;
  std::shared_ptr<Settings> settings;  // may be null: no defaults
  std::filesystem::path timings_file;
  std::shared_ptr<AddOns> add_ons = {};  // used on the computing thread only

  // Why nothing can run, for JobKind::unavailable; empty: there is a model.
  std::string unavailable() const;
  // The names and seeds that would otherwise be decided later, but for ControlNets. Throws
  // NotFound.
  void decide(Img2ImgRequest& request, ModelChoice& choice) const;
  // The names of ControlNets; and whether each has something to look at: an input of its own, or
  // the picture that the run starts from (`from_picture`). Throws CodedError.
  void decide(std::vector<ControlUnit>& controls, const JobInputs& inputs, bool from_picture) const;
  // The VAE: the one named; else the model's own choice, the file beside it, the setting.
  std::shared_ptr<LoadedModel> load(const ModelChoice& choice, const Progress& progress) const;
  // Whether the hashes of a resolved request's files are known: then loading only maps them.
  bool loads_quickly(const Json& request) const;
  void check_vae(const std::string& vae) const;  // throws NotFound for a name that means none
  // That VAE: nothing means the model's own.
  std::optional<CatalogModel> vae_for(const CatalogModel& model, const std::string& vae) const;
  // With the pictures that they look at; not loaded yet.
  Controls controls(const std::vector<ControlUnit>& units, const JobInputs& inputs) const;
  // Progress, previews, checkpoints, notes (as the job's result). `timings`, `model` and `port`
  // must outlive the options.
  Img2ImgOptions options(LoadedModel& model, Timings& timings, const RunnerPort& port) const;
  // A picture of a batch as the gallery keeps it, but for its request.
  RunnerPicture picture(const Img2ImgRequest& request, const LoadedModel& model,
                        const Img2ImgPicture& made) const;
  void unload() const;
};

// Sentences for people as the job's result, {"notes": […]}, each once. `port` must outlive it.
std::function<void(const std::string&)> notes_to(const RunnerPort& port);

// The picture of a role; nothing when the job has none.
std::optional<InputImage> input_of(const JobInputs& inputs, const std::string& role);

// The request that makes picture `index` of a batch alone, every choice pinned.
Img2ImgRequest single_of(const Img2ImgRequest& request, const Img2ImgPlan& plan, size_t index);

PlanReport report_of(const Img2ImgPlan& plan);

// What decides the network's answers besides the request: the key of a run's memory. LoRAs and
// words are known once the run has begun: samplers/keyed_memory.h.
std::string memory_key(const LoadedModel& model, const std::string& version);

// A small RGB view of a latent, or nothing when this model offers no cheap one.
std::optional<Image> quick_look(LoadedModel& model, const Tensor& latent);
// That of a latent of four channels, a pixel each.
Image coloured(const Tensor& latent);

uint64_t drawn_seed();  // 0 .. 2^32-1

// Throws CodedError naming max_pixel_steps when width x height x pictures x steps is more than any
// request may cost.
void refuse_too_much(int64_t pixel_steps);

}  // namespace pentimento
