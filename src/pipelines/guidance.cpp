#include "pipelines/guidance.h"

#include <algorithm>
#include <cmath>

namespace pentimento {

Guidance::Guidance(StableDiffusion& model, const NoiseTable& table, const EncodedPrompt& positive,
                   const EncodedPrompt& negative, Tensor concat, GuidanceOptions options,
                   const Shape& latent_shape, Progress progress)
    : model_(model), table_(table), positive_(positive), negative_(negative),
      concat_(std::move(concat)), options_(options), shape_(latent_shape),
      progress_(std::move(progress)) {}

Guidance::Prepared Guidance::prepared(Branch branch, size_t part) {
  const EncodedPrompt& prompt = branch == Branch::Positive ? positive_ : negative_;
  const auto& entry = prompt.parts.at(part).at_call(call_);
  Prepared& slot = ready_[{branch, part, &entry}];
  if (!slot) {
    UnetCondition condition{.context = entry.context, .added = entry.added, .concat = concat_,
                            .guidance_embedding = options_.lcm_guidance};
    if (branch == Branch::NoImage)
      std::fill(condition.concat.data.begin(), condition.concat.data.end(), 0.0f);
    slot = model_.prepare(condition, static_cast<int>(shape_.at(2)), static_cast<int>(shape_.at(3)),
                          progress_);
  }
  return slot;
}

Vec Guidance::denoise(const Vec& x, double sigma) {
  const bool edit = model_.config().variant == Variant::Edit;
  const bool guided = options_.cfg != 1.0 || edit || positive_.parts.size() > 1;

  // One network call for all branches, in the order they are combined below.
  std::vector<Prepared> branches;
  for (size_t part = 0; part < positive_.parts.size(); ++part)
    branches.push_back(prepared(Branch::Positive, part));
  if (guided) branches.push_back(prepared(Branch::Negative, 0));
  if (edit) branches.push_back(prepared(Branch::NoImage, 0));
  ++call_;

  // x -> network -> x0, for epsilon: x0 = x - sigma * e; for v: x0 = x / (s²+1) - v * s / sqrt(s²+1).
  const double root = std::sqrt(sigma * sigma + 1.0);
  Tensor scaled(shape_, x);
  for (float& value : scaled.data) value = static_cast<float>(value / root);
  const auto outputs = model_.predict(scaled, table_.timestep_of(sigma), branches, progress_);
  const bool v = model_.config().scheduler.prediction_type == PredictionType::V;
  const double keep = v ? 1.0 / (root * root) : 1.0, take = v ? sigma / root : sigma;
  const auto x0 = [&](size_t branch, size_t i) {
    return keep * x[i] - take * outputs[branch].data[i];
  };

  const size_t parts = positive_.parts.size();
  Vec result(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    if (!guided) {
      result[i] = static_cast<float>(x0(0, i));
      continue;
    }
    const double uncond = x0(parts, i);
    double value = uncond;
    if (edit) {
      const double none = x0(parts + 1, i);
      value = none + options_.image_cfg * (uncond - none);
    }
    for (size_t part = 0; part < parts; ++part)
      value += positive_.parts[part].weight * options_.cfg * (x0(part, i) - uncond);
    result[i] = static_cast<float>(value);
  }
  return result;
}

}  // namespace pentimento
