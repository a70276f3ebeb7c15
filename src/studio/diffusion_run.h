// Runners whose request names one model that paints: what all of them do alike.
#pragma once

#include <memory>
#include <optional>

#include "studio/diffusion_tools.h"

namespace pentimento {

class DiffusionRunner : public JobRunner {
 public:
  explicit DiffusionRunner(DiffusionTools tools) : tools_(std::move(tools)) {}
  bool plans_quickly(const Json& request) const override { return tools_.loads_quickly(request); }
  void unload() override { tools_.unload(); }

 protected:
  DiffusionTools tools_;
};

// A job at work: its model and its ControlNets are loaded, and the pipeline knows whom to tell.
// Thread contract: the computing thread's.
struct DiffusionRun {
  // `port` must outlive it. Throws as loading does.
  DiffusionRun(const DiffusionTools& tools, const ModelChoice& choice, const JobInputs& inputs,
               const RunnerPort& port);
  DiffusionRun(const DiffusionRun&) = delete;
  DiffusionRun& operator=(const DiffusionRun&) = delete;

  // For jobs that run the pipeline several times for one picture: what it remembers of all its runs
  // stands in one row, and a finished run is not taken for a finished picture.
  void join_runs();

  std::shared_ptr<LoadedModel> model;
  Timings timings;
  Controls controls;
  Img2ImgOptions options;  // refers to all of the above

 private:
  std::optional<JoinedRuns> joined_;
};

}  // namespace pentimento
