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

const ConditionSchedule::Entry& Guidance::entry(const Place& place) const {
  const EncodedPrompt& prompt = place.branch == Branch::Positive ? positive_ : negative_;
  return prompt.parts.at(place.part).at_call(call_);
}

std::vector<Guidance::Place> Guidance::places(const ModelConfig& model, size_t parts, double cfg) {
  std::vector<Place> list;
  for (size_t part = 0; part < parts; ++part) list.push_back({Branch::Positive, part});
  const bool edit = model.variant == Variant::Edit;
  if (cfg != 1.0 || edit || parts > 1) list.push_back({Branch::Negative, 0});
  if (edit) list.push_back({Branch::NoImage, 0});
  return list;
}

std::vector<int64_t> Guidance::tokens_of_branches(const ModelConfig& model,
                                                  const EncodedPrompt& positive,
                                                  const EncodedPrompt& negative, double cfg) {
  std::vector<int64_t> tokens;
  for (const Place& place : places(model, positive.parts.size(), cfg)) {
    const EncodedPrompt& prompt = place.branch == Branch::Positive ? positive : negative;
    tokens.push_back(prompt.parts.at(place.part).at_call(0).context.dim(1));
  }
  return tokens;
}

Guidance::Prepared Guidance::prepared(const Place& place) {
  const auto& prompt = entry(place);
  Prepared& slot = ready_[{place.branch, place.part, &prompt}];
  if (!slot) {
    const bool positive = place.branch == Branch::Positive;
    UnetCondition condition{.context = prompt.context,
                            .added = prompt.added,
                            .concat = concat_,
                            .guidance_embedding = options_.lcm_guidance,
                            .image = positive ? options_.image.positive : options_.image.negative};
    if (place.branch == Branch::NoImage)
      std::fill(condition.concat.data.begin(), condition.concat.data.end(), 0.0f);
    slot = model_.prepare(condition, static_cast<int>(shape_.at(2)), static_cast<int>(shape_.at(3)),
                          progress_);
  }
  return slot;
}

// One network call for all branches; before it, one of each ControlNet.
std::vector<Tensor> Guidance::evaluate(const Tensor& x, double timestep) {
  std::vector<Prepared> conditions;
  std::vector<ControlStack::Branch> branches;
  for (const Place& place : places(model_.config(), positive_.parts.size(), options_.cfg)) {
    conditions.push_back(prepared(place));
    branches.push_back({&entry(place), place.branch != Branch::Positive});
  }
  std::vector<Residuals> residuals;
  if (options_.controls && !options_.controls->empty())
    residuals = options_.controls->evaluate(x, timestep, call_, branches, progress_);
  ++call_;
  return model_.predict(x, timestep, conditions, residuals, progress_);
}

Vec Guidance::predict(const Vec& input, double timestep) {
  const bool edit = model_.config().variant == Variant::Edit;
  const auto outputs = evaluate(Tensor(shape_, input), timestep);
  const bool guided = outputs.size() > 1;
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
