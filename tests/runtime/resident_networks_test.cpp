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

TEST(ResidentNetworks, AModelThatGoesGivesItsBytesBack) {
  Runtime runtime(testing::f32_on_cpu());
  auto model = testing::load(runtime, tiny_sd1());
  predicted(*model);
  model.reset();
  EXPECT_EQ(resident_bytes(runtime), 0u);
}

}  // namespace
}  // namespace pentimento
