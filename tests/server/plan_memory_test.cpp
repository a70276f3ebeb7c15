// What a plan's answer says of memory.
#include <gtest/gtest.h>

#include "base/memory.h"
#include "server/wire.h"

namespace pentimento {
namespace {

TEST(PlanMemory, NetworksThatCanLeaveCountAsFree) {
  const uint64_t free = available_memory_bytes();
  ASSERT_GT(free, 0u) << "this system tells what it has";
  const uint64_t some = uint64_t{4} << 30;
  const PlanReport plan{.memory_bytes = free + some};
  EXPECT_EQ(to_wire(plan)["fits"], false);
  EXPECT_EQ(to_wire(plan, 2 * some)["fits"], true);
  EXPECT_GT(to_wire(plan, 2 * some)["memory_available_bytes"], free);
  EXPECT_EQ(to_wire(PlanReport{})["fits"], true) << "nothing is known against it";
}

}  // namespace
}  // namespace pentimento
