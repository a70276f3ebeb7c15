#include "studio/diffusion_run.h"

namespace pentimento {
namespace {

std::shared_ptr<LoadedModel> loaded(const DiffusionTools& tools, const ModelChoice& choice,
                                    const Progress& progress) {
  progress.at("load", 0, 1);
  return tools.load(choice, progress);
}

}  // namespace

DiffusionRun::DiffusionRun(const DiffusionTools& tools, const ModelChoice& choice,
                           const JobInputs& inputs, const RunnerPort& port)
    : model(loaded(tools, choice, port.progress)),
      timings(tools.timings_file),
      controls(tools.controls(choice.controls, inputs)),
      options(tools.options(*model, timings, port)) {
  if (!controls.empty()) controls.load(*tools.add_ons, *model, port.progress);
  controls.steer(options);
}

void DiffusionRun::join_runs() {
  options.is_done = {};
  if (!options.memory) return;
  joined_.emplace(*options.memory);
  options.memory = &*joined_;
}

}  // namespace pentimento
