#include "runtime/remembered.h"

#include <gtest/gtest.h>

namespace pentimento {
namespace {

TEST(Remembered, MakesOncePerPictureAndForgetsTheOldest) {
  Remembered<int> results(2);
  int made = 0;
  const auto ask = [&](float value, Shape shape = {2}) {
    return results.get(Tensor(shape, value), [&] { return ++made; });
  };
  EXPECT_EQ(ask(1), 1);
  EXPECT_EQ(ask(1), 1);
  EXPECT_EQ(ask(2), 2);
  EXPECT_EQ(ask(1), 1);          // now used last
  EXPECT_EQ(ask(1, {1, 2}), 3);  // the same values in another shape; 2 leaves
  EXPECT_EQ(ask(1), 1);
  EXPECT_EQ(ask(2), 4);
}

TEST(Remembered, KeepsNothingOfWhatFailed) {
  Remembered<int> results(2);
  const Tensor picture({1});
  EXPECT_THROW(results.get(picture, []() -> int { throw 1; }), int);
  EXPECT_EQ(results.get(picture, [] { return 5; }), 5);
}

}  // namespace
}  // namespace pentimento
