// Networks come and go within a number of bytes, oldest first.
#include "runtime/network_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pentimento {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Budget : public ::testing::Test {
 protected:
  NetworkBudget::Entry network(const std::string& name, uint64_t bytes,
                               const void* owner = nullptr) {
    return {owner, bytes, [this, name] { released_.push_back(name); }};
  }
  std::vector<std::string> released_;
  uint64_t available_ = 0;
  std::function<uint64_t()> tell_ = [this] { return available_; };
};

TEST_F(Budget, TheLeastRecentlyUsedLeaveFirst) {
  NetworkBudget budget(100, tell_);
  const auto a = budget.hold(network("a", 40));
  budget.hold(network("b", 40));
  budget.touch(a);
  budget.make_room(20);
  EXPECT_THAT(released_, IsEmpty());
  budget.make_room(40);
  EXPECT_THAT(released_, ElementsAre("b"));
  EXPECT_EQ(budget.held_bytes(), 40u);
  budget.make_room(90);
  EXPECT_THAT(released_, ElementsAre("b", "a"));
}

TEST_F(Budget, WhatIsLargerThanTheLimitStillGetsAllTheRoomThereIs) {
  NetworkBudget budget(100, tell_);
  budget.hold(network("a", 10));
  budget.make_room(1000);
  EXPECT_THAT(released_, ElementsAre("a"));
  EXPECT_EQ(budget.held_bytes(), 0u);
}

TEST_F(Budget, HasRoomWhereNothingWouldHaveToGo) {
  NetworkBudget budget(100, tell_);
  budget.hold(network("a", 40));
  EXPECT_TRUE(budget.has_room(60));
  EXPECT_FALSE(budget.has_room(61));
  available_ = 50;
  EXPECT_FALSE(budget.has_room(60));
  EXPECT_THAT(released_, IsEmpty());
}

TEST_F(Budget, WithoutALimitTheSystemDecides) {
  NetworkBudget budget(0, tell_);
  budget.hold(network("a", 1'000'000));
  budget.hold(network("b", 1'000'000));
  budget.make_room(1'000'000);
  EXPECT_THAT(released_, IsEmpty()) << "it does not tell";
  int asked = 0;
  NetworkBudget short_of_memory(0, [&] { return asked++ == 0 ? 10u : 1000u; });
  short_of_memory.hold(network("c", 1));
  short_of_memory.hold(network("d", 1));
  short_of_memory.make_room(100);
  EXPECT_THAT(released_, ElementsAre("c")) << "one was enough";
}

TEST_F(Budget, AnOwnerThatGoesTakesItsNetworksAlong) {
  NetworkBudget budget(100, tell_);
  int one = 0, other = 0;
  budget.hold(network("a", 30, &one));
  const auto b = budget.hold(network("b", 30, &other));
  budget.forget(&one);
  EXPECT_EQ(budget.held_bytes(), 30u);
  budget.drop(b);
  EXPECT_EQ(budget.held_bytes(), 0u);
  budget.make_room(1000);
  EXPECT_THAT(released_, IsEmpty());
}

}  // namespace
}  // namespace pentimento
