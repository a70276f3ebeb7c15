#include "pipelines/remembered.h"

#include <gtest/gtest.h>

#include "pipelines/img2img.h"
#include "pipelines/tiny_studio.h"

namespace pentimento {
namespace {

using testing::TinyStudio;

Tensor ones(int64_t count) { return Tensor({count}, 1.0f); }

TEST(Remembered, MakesAValueOnce) {
  Remembered memory;
  int made = 0;
  const auto make = [&] {
    ++made;
    return ones(4);
  };
  EXPECT_EQ(memory.tensor("a", make).data, memory.tensor("a", make).data);
  EXPECT_EQ(made, 1);
  EXPECT_EQ(memory.hits(), 1u);
}

TEST(Remembered, TheOldestGoWhenItIsFull) {
  Remembered memory(40 * sizeof(float));
  memory.tensor("a", [] { return ones(20); });
  memory.tensor("b", [] { return ones(20); });
  memory.tensor("a", [] { return ones(20); });  // used again: b is the oldest now
  memory.tensor("c", [] { return ones(20); });
  EXPECT_EQ(memory.bytes(), 40 * sizeof(float));
  memory.tensor("a", []() -> Tensor { throw std::logic_error("was forgotten"); });
  EXPECT_THROW(memory.tensor("b", []() -> Tensor { throw std::logic_error("made again"); }),
               std::logic_error);
}

TEST(Remembered, WhatIsTooLargeOrFailsIsNotKept) {
  Remembered memory(8);
  memory.tensor("large", [] { return ones(100); });
  EXPECT_EQ(memory.bytes(), 0u);
  EXPECT_THROW(memory.tensor("x", []() -> Tensor { throw std::logic_error("no"); }),
               std::logic_error);
  EXPECT_EQ(memory.tensor("x", [] { return ones(1); }).size(), 1u);
}

TEST(Remembered, KeysTellContentsApart) {
  Tensor other = ones(4);
  other.data[3] = 2;
  EXPECT_EQ(content_key("p", ones(4)), content_key("p", ones(4)));
  EXPECT_NE(content_key("p", ones(4)), content_key("p", other));
  EXPECT_NE(content_key("p", ones(4)), content_key("p", Tensor({2, 2}, 1.0f)));
  EXPECT_NE(content_key("p", ones(4)), content_key("q", ones(4)));
}

TEST(Remembered, ASecondRunEncodesNothingAgainAndGivesTheSamePicture) {
  TinyStudio& s = TinyStudio::get();
  s.model.remembered->forget();
  Img2ImgRequest r;
  r.prompt = "a cat";
  r.seed = 1;
  r.steps = 2;
  r.width = r.height = 64;
  const auto run = [&] {
    const Img2ImgPlan plan = plan_img2img(s.model, r, &s.cat, 0, nullptr);
    return run_img2img(s.model, r, plan, &s.cat, {}, {})[0].image;
  };
  const Image first = run();
  const size_t misses = s.model.remembered->misses();
  EXPECT_EQ(run(), first);
  EXPECT_EQ(s.model.remembered->misses(), misses);
  r.prompt = "a dog";
  EXPECT_NE(run(), first);
  EXPECT_EQ(s.model.remembered->misses(), misses + 1);
  r.clip_skip = 2;  // both prompts are encoded anew
  run();
  EXPECT_EQ(s.model.remembered->misses(), misses + 3);
}

}  // namespace
}  // namespace pentimento
