// Reference: diffusers' ControlNetModel beside its UNet (tests/golden/models_control.py).
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/tiny_models.h"
#include "runtime/control_net.h"
#include "weights/checkpoint.h"

namespace pentimento {
namespace {

using testing::Golden;
using testing::relative_error;
using testing::row;

constexpr double kTolerance = 1e-4;

// A ControlNet that is a copy of the model's way down, and what the fixture adds to that.
ControlNetFile control_beside(const Checkpoint& model, const std::string& name) {
  ControlNetFile file{.path = name + "_control.safetensors",
                      .tensors = testing::part(Golden("models_control.safetensors"), name),
                      .family = model.config.family,
                      .cross_attention_dim = model.config.unet.cross_attention_dim};
  for (const auto& [key, view] : model.unet)
    if (!key.starts_with("up_blocks.") && !key.starts_with("conv_norm_out.") &&
        !key.starts_with("conv_out."))
      file.tensors.emplace(key, view);
  return file;
}

Checkpoint model_of(const std::string& name) {
  if (name == "sd1") return open_checkpoint(testing::golden_path("pipelines_sd1"));
  return name == "sd2" ? testing::tiny_sd2() : testing::tiny_sdxl();
}

class ControlNets : public ::testing::TestWithParam<std::string> {};

TEST_P(ControlNets, FindWhatDiffusersFindsAndSteerTheUnetAlike) {
  const std::string name = GetParam();
  const Golden golden("models_control.safetensors");
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, model_of(name));
  const auto control =
      ControlNet::load(runtime, control_beside(model_of(name), name), "", model->config());

  const Tensor hint = control->hint(golden.tensor(name + ".picture"), {});
  EXPECT_LE(relative_error(hint.data, golden.tensor(name + ".hint").data), kTolerance);

  std::vector<std::shared_ptr<const StableDiffusion::Prepared>> for_control, for_unet;
  for (int64_t i : {0, 1}) {
    UnetCondition condition{.context = row(golden.tensor(name + ".prompts"), i)};
    if (name == "sdxl") condition.added = golden.tensor("sdxl.added");
    for_control.push_back(control->prepare(condition, {}));
    for_unet.push_back(model->prepare(condition, 8, 6, {}));
  }
  const Tensor x = golden.tensor(name + ".x");
  const auto residuals = control->evaluate(x, 333, hint, for_control, {});
  ASSERT_EQ(residuals.size(), 2u);
  for (size_t r = 0; r < residuals[0].size(); ++r) {
    const Tensor expected = golden.tensor(name + ".residual." + std::to_string(r));
    EXPECT_EQ(residuals[0][r].shape, expected.shape) << r;
    EXPECT_LE(relative_error(residuals[0][r].data, expected.data), kTolerance) << r;
  }
  const auto steered = model->predict(x, 333, for_unet, residuals, {});
  for (size_t i : {0, 1})
    EXPECT_LE(relative_error(steered[i].data,
                             golden.tensor(name + ".prediction." + std::to_string(i)).data),
              kTolerance)
        << i;
}

INSTANTIATE_TEST_SUITE_P(Families, ControlNets, ::testing::Values("sd1", "sd2", "sdxl"),
                         [](const auto& info) { return info.param; });

TEST(ControlNets, OfNoWeightLeaveThePlainPrediction) {
  const Golden golden("models_control.safetensors");
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, model_of("sd1"));
  const UnetCondition condition{.context = row(golden.tensor("sd1.prompts"), 0)};
  const std::vector prepared{model->prepare(condition, 8, 6, {})};
  const Tensor x = golden.tensor("sd1.x");
  Residuals nothing;
  for (size_t r = 0; r < 5; ++r)
    nothing.emplace_back(golden.tensor("sd1.residual." + std::to_string(r)).shape);
  const auto plain = model->predict(x, 333, prepared, {});
  for (const Residuals& none : {nothing, Residuals{}}) {
    const auto steered = model->predict(x, 333, prepared, std::vector<Residuals>{none}, {});
    EXPECT_LE(relative_error(steered[0].data, plain[0].data), 1e-5);
  }
}

TEST(ControlNets, RefuseWhatDoesNotFit) {
  const Golden golden("models_control.safetensors");
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, model_of("sd1"));
  const auto refuses = [&](const std::string& named, const std::function<void()>& act) {
    try {
      act();
      ADD_FAILURE() << "nothing was refused: " << named;
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find(named), std::string::npos) << e.what();
      EXPECT_TRUE(e.kind() == ErrorKind::InvalidArgument || e.kind() == ErrorKind::CorruptFile);
    }
  };
  refuses("prompts of width 32", [&] {
    ControlNet::load(runtime, control_beside(model_of("sd2"), "sd2"), "", model->config());
  });
  refuses("another kind of model", [&] {
    ControlNetFile file = control_beside(model_of("sdxl"), "sdxl");
    file.cross_attention_dim = 0;
    ControlNet::load(runtime, file, "", model->config());
  });
  refuses("1/4", [&] {
    ModelConfig quarter = model->config();
    quarter.vae.scale_factor = 4;
    ControlNet::load(runtime, control_beside(model_of("sd1"), "sd1"), "", quarter);
  });
  const auto control =
      ControlNet::load(runtime, control_beside(model_of("sd1"), "sd1"), "", model->config());
  refuses("multiple of 8", [&] { control->hint(Tensor({1, 3, 60, 64}), {}); });
  const std::vector prepared{
      control->prepare({.context = row(golden.tensor("sd1.prompts"), 0)}, {})};
  refuses("control picture's hint", [&] {
    control->evaluate(Tensor({1, 4, 8, 8}), 1, Tensor({1, 16, 8, 6}), prepared, {});
  });
  ControlNetFile incomplete = control_beside(model_of("sd1"), "sd1");
  incomplete.tensors.erase("controlnet_down_blocks.2.weight");
  incomplete.tensors.erase("controlnet_down_blocks.2.bias");
  const auto damaged = ControlNet::load(runtime, incomplete, "", model->config());
  refuses("incomplete", [&] {
    damaged->evaluate(
        golden.tensor("sd1.x"), 1, Tensor({1, 16, 8, 6}),
        std::vector{damaged->prepare({.context = row(golden.tensor("sd1.prompts"), 0)}, {})}, {});
  });
  const std::vector one{
      model->prepare({.context = row(golden.tensor("sd1.prompts"), 0)}, 8, 6, {})};
  refuses("one for each of 1",
          [&] { model->predict(golden.tensor("sd1.x"), 1, one, std::vector<Residuals>(2), {}); });
  refuses("values for output 0", [&] {
    const std::vector<Residuals> small{Residuals(5, Tensor({1, 1, 1, 1}))};
    model->predict(golden.tensor("sd1.x"), 1, one, small, {});
  });
  refuses("1 residuals, expected 5", [&] {
    const std::vector<Residuals> few{Residuals{Tensor(golden.tensor("sd1.residual.0").shape)}};
    model->predict(golden.tensor("sd1.x"), 1, one, few, {});
  });
}

}  // namespace
}  // namespace pentimento
