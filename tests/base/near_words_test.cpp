#include "base/near_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pentimento {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(NearWords, HoldTheWordOrAreFewLettersAway) {
  const std::vector<std::string> known = {"dreamshaper_8", "deliberate", "Anything-v5",
                                          "anythingElse", "x"};
  EXPECT_THAT(near_words("dreamshaper", known), ElementsAre("dreamshaper_8"));
  EXPECT_THAT(near_words("delibrate", known), ElementsAre("deliberate"));
  EXPECT_THAT(near_words("ANYTHING", known), ElementsAre("Anything-v5", "anythingElse"));
  EXPECT_THAT(near_words("nobody", known), IsEmpty());
  EXPECT_THAT(near_words("", known), IsEmpty());
  EXPECT_THAT(near_words(std::string(1000, 'a'), known), IsEmpty());
}

TEST(NearWords, ComeNearestFirstOnceAndFew) {
  const std::vector<std::string> known = {"cats", "Cat",  "cart",  "cat",
                                          "cats", "scat", "catch", "cat9"};
  const auto near = near_words("cat", known);
  ASSERT_THAT(near, SizeIs(5));
  EXPECT_EQ(near[0], "Cat");
  EXPECT_EQ(near[1], "cat");
  EXPECT_EQ(did_you_mean("delibrate", std::vector<std::string>{"deliberate"}),
            "; did you mean deliberate?");
  EXPECT_EQ(did_you_mean("zzz", known), "");
}

}  // namespace
}  // namespace pentimento
