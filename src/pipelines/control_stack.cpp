#include "pipelines/control_stack.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

namespace pentimento {
namespace {

// Every channel becomes its mean.
void pool(Tensor& residual) {
  const auto plane = static_cast<std::ptrdiff_t>(residual.dim(2) * residual.dim(3));
  for (auto at = residual.data.begin(); at != residual.data.end(); at += plane) {
    const double sum = std::accumulate(at, at + plane, 0.0);
    std::fill(at, at + plane, static_cast<float>(sum / static_cast<double>(plane)));
  }
}

void add(Residuals& to, Residuals found, const Control& control) {
  for (size_t i = 0; i < found.size(); ++i) {
    const auto scale = static_cast<float>(control_scale(control.weight, control.mode, i));
    for (float& value : found[i].data) value *= scale;
    if (control.network->global_pool()) pool(found[i]);
  }
  if (to.empty()) {
    to = std::move(found);
    return;
  }
  for (size_t i = 0; i < to.size(); ++i)
    for (size_t j = 0; j < to[i].size(); ++j) to[i].data[j] += found.at(i).data.at(j);
}

}  // namespace

double control_scale(double weight, ControlMode mode, size_t index) {
  constexpr double kSoftening = 0.825;
  constexpr size_t kDeepest = 12;
  if (mode == ControlMode::Balanced) return weight;
  return weight * std::pow(kSoftening, static_cast<double>(kDeepest - std::min(index, kDeepest)));
}

ControlStack::ControlStack(std::span<const Control> controls, int calls, const Progress& progress)
    : controls_(controls), calls_(std::max(1, calls)) {
  for (const Control& control : controls)
    hints_.push_back(control.network->hint(control.picture, progress));
}

bool at_work(const Control& control, int call, int calls) {
  const double share = static_cast<double>(call) / calls;
  return control.weight != 0 && share >= control.start && share <= control.end;
}

bool positive_only(const Control& control) {
  return control.mode == ControlMode::Control || control.network->global_pool();
}

ControlStack::Prepared ControlStack::prepared(size_t control, const ConditionSchedule::Entry& entry,
                                              const Progress& progress) {
  Prepared& slot = ready_[{control, &entry}];
  if (!slot)
    slot = controls_[control].network->prepare({.context = entry.context, .added = entry.added},
                                               progress);
  return slot;
}

std::vector<Residuals> ControlStack::found_by(size_t control, const Tensor& x, double timestep,
                                              const std::vector<Prepared>& conditions,
                                              const Progress& progress) {
  ControlNet& network = *controls_[control].network;
  const auto compiling = [&] {
    double seconds = 0;
    for (const auto& record : network.compile_records()) seconds += record.seconds;
    return seconds;
  };
  const double compiled = compiling();
  const auto began = std::chrono::steady_clock::now();
  auto found = network.evaluate(x, timestep, hints_[control], conditions, progress);
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - began;
  spent_.seconds += passed.count();
  spent_.computing_seconds += passed.count() - (compiling() - compiled);
  spent_.branches += static_cast<double>(conditions.size());
  return found;
}

std::vector<Residuals> ControlStack::evaluate(const Tensor& x, double timestep, int call,
                                              std::span<const Branch> branches,
                                              const Progress& progress) {
  std::vector<Residuals> sums(branches.size());
  for (size_t c = 0; c < controls_.size(); ++c) {
    const Control& control = controls_[c];
    if (!at_work(control, call, calls_)) continue;
    std::vector<size_t> steered;
    std::vector<Prepared> conditions;
    for (size_t b = 0; b < branches.size(); ++b) {
      if (branches[b].negative && positive_only(control)) continue;
      steered.push_back(b);
      conditions.push_back(prepared(c, *branches[b].entry, progress));
    }
    std::vector<Residuals> found = found_by(c, x, timestep, conditions, progress);
    for (size_t i = 0; i < steered.size(); ++i) add(sums[steered[i]], std::move(found[i]), control);
  }
  return sums;
}

}  // namespace pentimento
