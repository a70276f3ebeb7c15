// The ControlNets of a run, evaluated beside the UNet: webui-spec §6.8 and the ControlNet
// extension's weighting. What they find is scaled, and added up where there are several.
#pragma once

#include <map>
#include <span>
#include <utility>
#include <vector>

#include "pipelines/conditioning.h"
#include "pipelines/steering.h"

namespace pentimento {

// How much of residual `index` a control adds: its weight, times 0.825^(12 - index) in the modes
// that soften. SD 1.x and 2.x have residuals 0..12, SDXL 0..9 (A1111 gives it the first ten).
double control_scale(double weight, ControlMode mode, size_t index);

// Whether a control counts in model call `call` of `calls`.
bool at_work(const Control& control, int call, int calls);
// Whether it leaves the negative prompt alone.
bool positive_only(const Control& control);

// Thread contract: one thread computes.
class ControlStack {
 public:
  // `calls`: evaluations of the UNet that the run will make. Controls must outlive it. Pictures go
  // through their networks here, once.
  ControlStack(std::span<const Control> controls, int calls, const Progress& progress);

  bool empty() const { return controls_.empty(); }

  struct Branch {
    const ConditionSchedule::Entry* entry;  // the prompt that guides it
    bool negative;
  };
  // What all controls together add to each branch in model call `call`; an empty one where nothing
  // is added.
  std::vector<Residuals> evaluate(const Tensor& x, double timestep, int call,
                                  std::span<const Branch> branches, const Progress& progress);

  // Of all evaluations so far: the time they took, the part of it that was no compiling, and how
  // many branches of how many controls were evaluated.
  struct Spent {
    double seconds = 0, computing_seconds = 0, branches = 0;
  };
  const Spent& spent() const { return spent_; }

 private:
  using Prepared = std::shared_ptr<const StableDiffusion::Prepared>;
  Prepared prepared(size_t control, const ConditionSchedule::Entry& entry,
                    const Progress& progress);
  std::vector<Residuals> found_by(size_t control, const Tensor& x, double timestep,
                                  const std::vector<Prepared>& conditions,
                                  const Progress& progress);

  std::span<const Control> controls_;
  int calls_;
  std::vector<Tensor> hints_;  // one a control
  std::map<std::pair<size_t, const void*>, Prepared> ready_;
  Spent spent_;
};

}  // namespace pentimento
