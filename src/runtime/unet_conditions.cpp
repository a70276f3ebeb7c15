#include "runtime/unet_conditions.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "models/unet.h"

namespace pentimento {
namespace {

// values [1,heads,T,d] or [1,D] into row `batch` of the input, repeated along T until it is full.
void place(std::span<float> input, size_t batches, size_t batch, const Tensor& values) {
  const size_t row = input.size() / batches;
  float* out = input.data() + batch * row;
  const size_t heads = values.shape.size() == 4 ? static_cast<size_t>(values.dim(1)) : 1;
  const size_t head = values.size() / heads, repeats = row / values.size();
  for (size_t h = 0; h < heads; ++h)
    for (size_t r = 0; r < repeats; ++r)
      out = std::copy_n(values.data.data() + h * head, head, out);
}

}  // namespace

void expect_shape(const std::string& what, const Tensor& tensor, const Shape& expected) {
  if (tensor.shape == expected || (tensor.empty() && element_count(expected) == 0)) return;
  throw Error(ErrorKind::InvalidArgument, what + " of shape " + to_string(tensor.shape) +
                                              ", expected " + to_string(expected) +
                                              " for this model");
}

std::shared_ptr<PreparedCondition> prepare_condition(CompiledNetworks& networks,
                                                     const ModelPart& part, const UnetConfig& unet,
                                                     const UnetCondition& condition,
                                                     const Progress& progress) {
  if (condition.context.empty() && !unet.added_channels && !unet.time_cond_proj)
    return std::make_shared<PreparedCondition>();
  const int64_t tokens = condition.context.shape.size() == 3 ? condition.context.dim(1) : 77;
  expect_shape("a prompt embedding", condition.context, {1, tokens, unet.cross_attention_dim});
  if (unet.added_channels)
    expect_shape("an added vector", condition.added, {1, unet.added_channels});
  auto prepared = std::make_shared<PreparedCondition>();
  prepared->tokens = tokens;
  Network& net = networks.get(
      "unet_conditioning", part, shape_text({tokens}),
      [&] { return models::unet_conditioning(part.weights, unet, tokens); }, progress);
  net.set("context", condition.context);
  if (unet.added_channels) net.set("added", condition.added);
  if (unet.time_cond_proj) {
    const int64_t width = models::guidance_width(part.weights, unet);
    net.set("guidance", models::guidance_sinusoids(condition.guidance_embedding, width));
  }
  net.run(progress);
  for (const std::string& name : net.output_names()) prepared->inputs[name] = net.output(name);
  return prepared;
}

int64_t common_tokens(std::span<const int64_t> tokens) {
  int64_t common = 1;
  for (const int64_t length : tokens) common = std::lcm(common, length);
  return common;
}

int64_t common_tokens(Conditions conditions) {
  std::vector<int64_t> tokens;
  for (const auto& c : conditions) tokens.push_back(content(c).tokens);
  return common_tokens(tokens);
}

void UploadedConditions::upload(Network& network, Conditions conditions) {
  if (uploaded_to_ == &network && std::ranges::equal(uploaded_, conditions)) return;
  for (size_t i = 0; i < conditions.size(); ++i)
    for (const auto& [name, values] : content(conditions[i]).inputs)
      place(network.input(name), conditions.size(), i, values);
  uploaded_.assign(conditions.begin(), conditions.end());
  uploaded_to_ = &network;
}

void UploadedConditions::forget(const Network& network) {
  if (&network != uploaded_to_) return;
  uploaded_to_ = nullptr;
  uploaded_.clear();
}

}  // namespace pentimento
