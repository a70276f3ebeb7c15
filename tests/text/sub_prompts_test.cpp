#include "text/sub_prompts.h"

#include "text/testing.h"

namespace pentimento {
namespace {

using testing::golden_cases;
using ::testing::HasSubstr;
using testing::refusal;
using testing::repeat;

TEST(SubPrompts, MatchTheReferenceOnEveryPrompt) {
  for (const auto& row : golden_cases("text_prompts.safetensors", "and")) {
    const auto parts = split_and(row[0].get<std::string>());
    ASSERT_EQ(parts.size(), row[1].size()) << row[0];
    for (size_t i = 0; i < parts.size(); ++i) {
      EXPECT_EQ(parts[i].text, row[1][i][0].get<std::string>()) << row[0];
      EXPECT_EQ(parts[i].weight, row[1][i][1].get<float>()) << row[0];
    }
  }
}

TEST(SubPrompts, RefuseWeightsBeyondAllNumbers) {
  EXPECT_THAT(refusal([] { split_and("a AND b :" + repeat("9", 60)); }),
              HasSubstr("use a smaller one"));
}

TEST(SubPrompts, RefuseInvalidUtf8) {
  EXPECT_THAT(refusal([] { split_and("a AND \xc3"); }), HasSubstr("byte 6 "));
}

TEST(SubPrompts, AMegabyteTakesAMoment) {
  for (std::string_view unit : {"AND ", "a:1 AND ", " ", ":", "AND"})
    EXPECT_LT(testing::seconds_of([&] { split_and(repeat(unit, (1 << 20) / unit.size())); }), 20)
        << unit;
}

}  // namespace
}  // namespace pentimento
