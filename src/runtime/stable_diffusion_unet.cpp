// The UNet's half of ResidentModel: conditions made ready once, and one evaluation for all of them.
#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "models/unet.h"
#include "runtime/stable_diffusion_impl.h"

namespace pentimento {
namespace {

// What the network takes for one condition beside the latent, by input name.
struct PreparedCondition : StableDiffusion::Prepared {
  int64_t tokens = 0;
  std::map<std::string, Tensor> inputs;  // keys and values [1,heads,T,d], embeddings [1,D]
  Tensor concat;                         // [1,Cc,h,w] or empty
};

const PreparedCondition& content(const std::shared_ptr<const StableDiffusion::Prepared>& prepared) {
  return static_cast<const PreparedCondition&>(*prepared);
}

// Attention weighs the same keys the same however often all of them are repeated, so contexts of
// different lengths meet at their least common multiple.
int64_t common_tokens(
    std::span<const std::shared_ptr<const StableDiffusion::Prepared>> conditions) {
  int64_t tokens = 1;
  for (const auto& c : conditions) tokens = std::lcm(tokens, content(c).tokens);
  return tokens;
}

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

void expect_shape(const std::string& what, const Tensor& tensor, const Shape& expected) {
  if (tensor.shape == expected || (tensor.empty() && element_count(expected) == 0)) return;
  throw Error(ErrorKind::InvalidArgument, what + " of shape " + to_string(tensor.shape) +
                                              ", expected " + to_string(expected) +
                                              " for this model");
}

void expect_condition(const UnetConfig& unet, const UnetCondition& condition, int height,
                      int width) {
  const int64_t tokens = condition.context.shape.size() == 3 ? condition.context.dim(1) : 77;
  const int64_t extra = unet.in_channels - unet.out_channels;
  expect_shape("a prompt embedding", condition.context, {1, tokens, unet.cross_attention_dim});
  expect_shape("an added vector", condition.added, {1, unet.added_channels});
  expect_shape("extra input channels", condition.concat, {1, extra, height, width});
}

}  // namespace

std::shared_ptr<const StableDiffusion::Prepared> ResidentModel::prepare(
    const UnetCondition& condition, int height, int width, const Progress& progress) {
  const UnetConfig& unet = config_.unet;
  expect_condition(unet, condition, height, width);
  auto prepared = std::make_shared<PreparedCondition>();
  prepared->tokens = condition.context.dim(1);
  prepared->concat = condition.concat;
  Network& net = network(
      "unet_conditioning", unet_, shape_text({prepared->tokens}),
      [&] { return models::unet_conditioning(unet_.weights, unet, prepared->tokens); }, progress);
  net.set("context", condition.context);
  if (unet.added_channels) net.set("added", condition.added);
  if (unet.time_cond_proj) {
    const int64_t width_of = models::guidance_width(unet_.weights, unet);
    net.set("guidance", models::guidance_sinusoids(condition.guidance_embedding, width_of));
  }
  net.run(progress);
  for (const std::string& name : net.output_names()) prepared->inputs[name] = net.output(name);
  return prepared;
}

Network& ResidentModel::unet_network(int64_t batch, int64_t height, int64_t width, int64_t tokens,
                                     const Progress& progress) {
  return network(
      "unet", unet_, shape_text({batch, height, width, tokens}),
      [&] {
        return models::unet(unet_.weights, config_.unet, {batch, height, width, tokens});
      },
      progress);
}

void ResidentModel::upload_conditions(Network& unet,
                                      std::span<const std::shared_ptr<const Prepared>> conditions) {
  if (uploaded_to_ == &unet && std::ranges::equal(uploaded_, conditions)) return;
  for (size_t i = 0; i < conditions.size(); ++i)
    for (const auto& [name, values] : content(conditions[i]).inputs)
      place(unet.input(name), conditions.size(), i, values);
  uploaded_.assign(conditions.begin(), conditions.end());
  uploaded_to_ = &unet;
}

std::vector<Tensor> ResidentModel::predict(
    const Tensor& x, double timestep, std::span<const std::shared_ptr<const Prepared>> conditions,
    const Progress& progress) {
  const auto batch = conditions.size();
  if (batch == 0) throw Error(ErrorKind::InvalidArgument, "no condition to evaluate");
  if (x.shape.size() != 4) expect_shape("a latent", x, {1, config_.unet.out_channels, 64, 64});
  const int64_t height = x.dim(2), width = x.dim(3);
  expect_shape("a latent", x, {1, config_.unet.out_channels, height, width});
  Network& unet = unet_network(batch, height, width, common_tokens(conditions), progress);
  upload_conditions(unet, conditions);
  unet.set("time", models::timestep_sinusoids(timestep, config_.unet.block_out_channels.at(0)));
  const std::span<float> sample = unet.input("sample");
  for (size_t i = 0; i < batch; ++i) {
    float* out = std::ranges::copy(x.data, sample.data() + i * sample.size() / batch).out;
    std::ranges::copy(content(conditions[i]).concat.data, out);
  }
  unet.run(progress);

  const Tensor all = unet.output("prediction");
  std::vector<Tensor> predictions;
  const auto size = static_cast<std::ptrdiff_t>(all.size() / batch);
  for (size_t i = 0; i < batch; ++i) {
    const auto begin = all.data.begin() + static_cast<std::ptrdiff_t>(i) * size;
    predictions.emplace_back(Shape{1, all.dim(1), height, width},
                             std::vector<float>(begin, begin + size));
  }
  return predictions;
}

}  // namespace pentimento
