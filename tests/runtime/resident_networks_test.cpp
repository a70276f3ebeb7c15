// Networks of several models within one budget of bytes.
#include <gtest/gtest.h>

#include "models/tiny_models.h"
#include "runtime/resident_memory.h"
#include "runtime/stable_diffusion.h"

namespace pentimento {
namespace {

using testing::Golden;
using testing::tiny_sd1;

Tensor predicted(StableDiffusion& model) {
  const Golden golden("models_sd1.safetensors");
  const Tensor prompt = testing::row(golden.tensor("unet.prompts"), 0);
  const std::vector conditions{model.prepare({.context = prompt}, 8, 8, {})};
  return model.predict(golden.tensor("unet.square.x"), 500, conditions, {})[0];
}

uint64_t bytes_of_one() {
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, tiny_sd1());
  predicted(*model);
  EXPECT_GT(resident_bytes(runtime), 0u);
  return resident_bytes(runtime);
}

TEST(ResidentNetworks, StayWhileTheBudgetAllows) {
  Runtime runtime(testing::f32_on_cpu());
  const auto a = testing::load(runtime, tiny_sd1()), b = testing::load(runtime, tiny_sd1());
  predicted(*a);
  const size_t compiled = a->compile_records().size();
  predicted(*b);
  predicted(*a);
  EXPECT_EQ(a->compile_records().size(), compiled) << "switching back compiles nothing";
  EXPECT_EQ(resident_bytes(*a), resident_bytes(runtime));
}

TEST(ResidentNetworks, TheOneUsedLongestAgoMakesRoomWhicheverModelItBelongsTo) {
  const uint64_t limit = bytes_of_one() * 3 / 2;  // room for one
  Runtime runtime(testing::f32_on_cpu());
  limit_resident_bytes(runtime, limit);
  const auto a = testing::load(runtime, tiny_sd1()), b = testing::load(runtime, tiny_sd1());
  const Tensor first = predicted(*a);
  const size_t compiled = a->compile_records().size();
  predicted(*b);
  EXPECT_LE(resident_bytes(runtime), limit);
  EXPECT_EQ(predicted(*a).data, first.data) << "the same numbers when it comes back";
  EXPECT_GT(a->compile_records().size(), compiled);
  EXPECT_LE(resident_bytes(runtime), limit);
}

// Prepares and predicts after a picture was encoded, with or without a word before.
Tensor encoded_and_predicted(StableDiffusion& model, std::span<const int64_t> expected) {
  model.expect(expected, 8, 8);
  model.encode(Golden("models_sd1.safetensors").tensor("vae.picture"), {});
  return predicted(model);
}

TEST(ResidentNetworks, WhatIsExpectedIsCompiledBesideTheEncodingAndComputesTheSame) {
  Runtime runtime(testing::f32_on_cpu());
  const auto plain = testing::load(runtime, tiny_sd1()), told = testing::load(runtime, tiny_sd1());
  const Tensor alone = encoded_and_predicted(*plain, {});
  const std::vector<int64_t> one = {77};
  EXPECT_EQ(encoded_and_predicted(*told, one).data, alone.data);
  EXPECT_EQ(told->compile_records().size(), plain->compile_records().size());
  EXPECT_EQ(told->compile_records().at(1).network, "unet") << "before its conditioning";
  EXPECT_EQ(resident_bytes(*told), resident_bytes(*plain));
}

TEST(ResidentNetworks, AWrongExpectationOnlyCostsTime) {
  Runtime runtime(testing::f32_on_cpu());
  const auto plain = testing::load(runtime, tiny_sd1()), told = testing::load(runtime, tiny_sd1());
  const std::vector<int64_t> three = {77, 77, 154};
  EXPECT_EQ(encoded_and_predicted(*told, three).data, predicted(*plain).data);
}

TEST(ResidentNetworks, NothingIsExpectedWhereMemoryIsShort) {
  Runtime runtime(testing::f32_on_cpu());
  limit_resident_bytes(runtime, bytes_of_one());
  const auto model = testing::load(runtime, tiny_sd1());
  const std::vector<int64_t> one = {77};
  encoded_and_predicted(*model, one);
  EXPECT_EQ(model->compile_records().at(1).network, "unet_conditioning") << "as without a word";
  EXPECT_LE(resident_bytes(runtime), bytes_of_one());
}

TEST(ResidentNetworks, AnExpectationThatIsCancelledIsForgotten) {
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, tiny_sd1());
  const std::vector<int64_t> one = {77};
  model->expect(one, 8, 8);
  Progress progress;
  progress.report = [&](const ProgressEvent& event) {
    if (event.stage == "compile" && event.done == 1) progress.cancel.cancel();
  };
  EXPECT_THROW(model->encode(Golden("models_sd1.safetensors").tensor("vae.picture"), progress),
               Error);
  const auto fresh = testing::load(runtime, tiny_sd1());
  EXPECT_EQ(predicted(*model).data, predicted(*fresh).data);
}

TEST(ResidentNetworks, AModelThatGoesGivesItsBytesBack) {
  Runtime runtime(testing::f32_on_cpu());
  auto model = testing::load(runtime, tiny_sd1());
  predicted(*model);
  model.reset();
  EXPECT_EQ(resident_bytes(runtime), 0u);
}

}  // namespace
}  // namespace pentimento
