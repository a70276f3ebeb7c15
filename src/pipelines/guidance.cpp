#include "pipelines/guidance.h"

#include <algorithm>

namespace pentimento {

Guidance::Guidance(StableDiffusion& model, const EncodedPrompt& positive,
                   const EncodedPrompt& negative, Tensor concat, GuidanceOptions options,
                   const Shape& latent_shape, Progress progress)
    : model_(model),
      positive_(positive),
      negative_(negative),
      concat_(std::move(concat)),
      options_(options),
      shape_(latent_shape),
      progress_(std::move(progress)) {}

Guidance::Prepared Guidance::prepared(Branch branch, size_t part) {
  const EncodedPrompt& prompt = branch == Branch::Positive ? positive_ : negative_;
  const auto& entry = prompt.parts.at(part).at_call(call_);
  Prepared& slot = ready_[{branch, part, &entry}];
  if (!slot) {
    UnetCondition condition{.context = entry.context,
                            .added = entry.added,
                            .concat = concat_,
                            .guidance_embedding = options_.lcm_guidance};
    if (branch == Branch::NoImage)
      std::fill(condition.concat.data.begin(), condition.concat.data.end(), 0.0f);
    slot = model_.prepare(condition, static_cast<int>(shape_.at(2)), static_cast<int>(shape_.at(3)),
                          progress_);
  }
  return slot;
}

Vec Guidance::predict(const Vec& input, double timestep) {
  const bool edit = model_.config().variant == Variant::Edit;
  const bool guided = options_.cfg != 1.0 || edit || positive_.parts.size() > 1;

  // One network call for all branches, in the order they are combined below.
  std::vector<Prepared> branches;
  for (size_t part = 0; part < positive_.parts.size(); ++part)
    branches.push_back(prepared(Branch::Positive, part));
  if (guided) branches.push_back(prepared(Branch::Negative, 0));
  if (edit) branches.push_back(prepared(Branch::NoImage, 0));
  ++call_;

  const auto outputs = model_.predict(Tensor(shape_, input), timestep, branches, progress_);
  if (!guided) return outputs[0].data;
  const size_t parts = positive_.parts.size();
  const Vec& uncond = outputs[parts].data;
  Vec result(input.size());
  for (size_t i = 0; i < result.size(); ++i) {
    double value = uncond[i];
    if (edit) {
      const double none = outputs[parts + 1].data[i];
      value = none + options_.image_cfg * (uncond[i] - none);
    }
    for (size_t part = 0; part < parts; ++part)
      value +=
          positive_.parts[part].weight * options_.cfg * (double{outputs[part].data[i]} - uncond[i]);
    result[i] = static_cast<float>(value);
  }
  return result;
}

}  // namespace pentimento
