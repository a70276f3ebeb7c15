#include "text/emphasis.h"

#include "text/testing.h"

namespace pentimento {
namespace {

using testing::Golden;
using ::testing::HasSubstr;
using testing::refusal;
using testing::relative_error;

std::vector<float> applied(Emphasis emphasis) {
  const Golden golden("text_prompts.safetensors");
  std::vector<float> z = golden.tensor("z").data;
  apply_emphasis(z, golden.tensor("weights").data, emphasis);
  return z;
}

TEST(Emphasis, MatchesTorch) {
  const Golden golden("text_prompts.safetensors");
  EXPECT_LT(relative_error(applied(Emphasis::Original), golden.tensor("original").data), 1e-6);
  EXPECT_EQ(applied(Emphasis::NoNorm), golden.tensor("weighted").data);
  EXPECT_EQ(applied(Emphasis::None), golden.tensor("z").data);
  EXPECT_EQ(applied(Emphasis::Ignore), golden.tensor("z").data);
}

TEST(Emphasis, WeightsOfOneChangeNothing) {
  std::vector<float> z = {0.1f, -0.3f, 0.7f, 1e-7f};
  const std::vector<float> before = z, weights = {1, 1};
  apply_emphasis(z, weights, Emphasis::Original);
  EXPECT_EQ(z, before);
}

TEST(Emphasis, AMeanOfZeroIsNotDividedBy) {
  std::vector<float> z = {1, 2, 3, 4};
  const std::vector<float> weights = {0, 0};
  apply_emphasis(z, weights, Emphasis::Original);
  EXPECT_EQ(z, (std::vector<float>{0, 0, 0, 0}));
}

TEST(Emphasis, RefusesRowsThatDoNotFit) {
  std::vector<float> z(5);
  const std::vector<float> weights = {1, 2};
  EXPECT_THAT(refusal([&] { apply_emphasis(z, weights, Emphasis::Original); }),
              HasSubstr("5 values for 2"));
}

}  // namespace
}  // namespace pentimento
