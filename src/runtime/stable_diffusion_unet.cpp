// The UNet's half of ResidentModel: conditions made ready once, and one evaluation for all of them.
#include <algorithm>

#include "base/error.h"
#include "models/unet.h"
#include "runtime/stable_diffusion_impl.h"

namespace pentimento {
namespace {

// Every condition reads an image prompt of that many tokens, or none does.
int64_t common_image_tokens(Conditions conditions) {
  const int64_t tokens = content(conditions.front()).image_tokens;
  for (const auto& c : conditions)
    if (content(c).image_tokens != tokens)
      throw Error(ErrorKind::InvalidArgument, "image prompts of " + std::to_string(tokens) +
                                                  " and " +
                                                  std::to_string(content(c).image_tokens) +
                                                  " tokens, expected as many for every condition");
  return tokens;
}

// Residuals of every condition, one behind the other, into the inputs that take them; zeros for a
// condition that has none.
void upload_residuals(Network& unet, std::span<const Residuals> residuals) {
  size_t outputs = 0;
  for (; unet.has_input("residual." + std::to_string(outputs)); ++outputs) {
    const std::span<float> input = unet.input("residual." + std::to_string(outputs));
    const size_t row = input.size() / residuals.size();
    for (size_t i = 0; i < residuals.size(); ++i) {
      const std::span<float> target = input.subspan(i * row, row);
      if (outputs >= residuals[i].size()) {
        std::ranges::fill(target, 0.0f);
        continue;
      }
      const Tensor& values = residuals[i][outputs];
      if (values.size() != row)
        throw Error(ErrorKind::InvalidArgument, "a residual of shape " + to_string(values.shape) +
                                                    ", expected " + std::to_string(row) +
                                                    " values for output " +
                                                    std::to_string(outputs) + " of this model");
      std::ranges::copy(values.data, target.begin());
    }
  }
  for (const Residuals& r : residuals)
    if (!r.empty() && r.size() != outputs)
      throw Error(ErrorKind::InvalidArgument, std::to_string(r.size()) + " residuals, expected " +
                                                  std::to_string(outputs) + " for this model");
}

std::string name_of(const models::UnetShape& shape) {
  std::string text = shape_text({shape.batch, shape.height, shape.width, shape.tokens});
  if (shape.image_tokens) text += "; image " + std::to_string(shape.image_tokens);
  if (shape.residuals) text += "; residuals";
  return text;
}

}  // namespace

void ResidentModel::expect(std::span<const int64_t> tokens, int height, int width) {
  if (tokens.empty()) return;
  expected_ = {.batch = static_cast<int64_t>(tokens.size()),
               .height = height,
               .width = width,
               .tokens = common_tokens(tokens)};
}

void ResidentModel::begin_expected(const Progress& progress) {
  if (!expected_) return;
  networks_.expect(
      "unet", unet_, name_of(*expected_),
      [weights = unet_.own_weights(), config = config_.unet, shape = *expected_] {
        return models::unet(weights, config, shape);
      },
      progress);
  expected_.reset();
}

std::shared_ptr<const StableDiffusion::Prepared> ResidentModel::prepare(
    const UnetCondition& condition, int height, int width, const Progress& progress) {
  const UnetConfig& unet = config_.unet;
  const int64_t extra = unet.in_channels - unet.out_channels;
  expect_shape("an added vector", condition.added, {1, unet.added_channels});
  expect_shape("extra input channels", condition.concat, {1, extra, height, width});
  auto prepared = prepare_condition(networks_, unet_, unet, condition, progress);
  prepared->concat = condition.concat;
  if (condition.image) {
    prepared->image_tokens = condition.image->tokens;
    prepared->inputs.insert(condition.image->values.begin(), condition.image->values.end());
  }
  return prepared;
}

Network& ResidentModel::unet_network(const models::UnetShape& shape, const Progress& progress) {
  expected_.reset();
  return networks_.get(
      "unet", unet_, name_of(shape),
      [&] { return models::unet(unet_.weights, config_.unet, shape); }, progress);
}

std::vector<Tensor> ResidentModel::predict(const Tensor& x, double timestep, Conditions conditions,
                                           std::span<const Residuals> residuals,
                                           const Progress& progress) {
  const auto batch = conditions.size();
  if (batch == 0) throw Error(ErrorKind::InvalidArgument, "no condition to evaluate");
  if (!residuals.empty() && residuals.size() != batch)
    throw Error(ErrorKind::InvalidArgument, std::to_string(residuals.size()) +
                                                " sets of residuals, expected one for each of " +
                                                std::to_string(batch) + " conditions");
  if (x.shape.size() != 4) expect_shape("a latent", x, {1, config_.unet.out_channels, 64, 64});
  const int64_t height = x.dim(2), width = x.dim(3);
  expect_shape("a latent", x, {1, config_.unet.out_channels, height, width});
  Network& unet = unet_network({.batch = static_cast<int64_t>(batch),
                                .height = height,
                                .width = width,
                                .tokens = common_tokens(conditions),
                                .image_tokens = common_image_tokens(conditions),
                                .residuals = !residuals.empty()},
                               progress);
  uploaded_.upload(unet, conditions);
  if (!residuals.empty()) upload_residuals(unet, residuals);
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

std::vector<PromptAttention> ResidentModel::prompt_attentions() const {
  std::vector<PromptAttention> found;
  for (const auto& [name, heads] : models::cross_attentions(unet_.weights, config_.unet))
    found.push_back({name, heads});
  return found;
}

}  // namespace pentimento
