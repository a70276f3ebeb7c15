#include "text/prompt_schedule.h"

#include "text/prompt_limits.h"
#include "text/testing.h"

namespace pentimento {
namespace {

using testing::golden_cases;
using ::testing::HasSubstr;
using testing::refusal;
using testing::repeat;

TEST(PromptSchedule, MatchesTheGrammarOnEveryPrompt) {
  for (const auto& row : golden_cases("text_prompts.safetensors", "schedules")) {
    const PromptScheduleOptions options{.base_steps = row[1].value("base_steps", 0),
                                        .old_scheduling = row[1].value("old", false)};
    const auto schedule = schedule_prompt(row[0].get<std::string>(), row[1]["steps"], options);
    nlohmann::json found = nlohmann::json::array();
    for (const ScheduledText& entry : schedule) found.push_back({entry.end_at_step, entry.text});
    EXPECT_EQ(found, row[2]) << row[0] << row[1];
  }
}

TEST(PromptSchedule, EndsAscendAndTheLastIsTheNumberOfSteps) {
  const auto schedule = schedule_prompt("[a:b:7] [c|d] [e::0.2]", 12);
  ASSERT_EQ(schedule.size(), 12u);
  for (int i = 0; i < 12; ++i) EXPECT_EQ(schedule[i].end_at_step, i + 1);
  EXPECT_EQ(schedule_prompt("[a:b:7]", 5).back().end_at_step, 5);
}

TEST(PromptSchedule, EndAtFiveCoversSixCalls) {
  const auto schedule = schedule_prompt("[a:b:5]", 10);
  for (int call = 0; call <= 5; ++call) EXPECT_EQ(schedule[active_entry(schedule, call)].text, "a");
  for (int call = 6; call <= 10; ++call)
    EXPECT_EQ(schedule[active_entry(schedule, call)].text, "b");
}

TEST(PromptSchedule, HalfStrengthNeverShowsTheSecondHalf) {
  // 20 steps at strength 0.5 make 11 calls; the switch comes after the eleventh.
  const auto schedule = schedule_prompt("[a:b:0.5]", 20);
  for (int call = 0; call < 11; ++call) EXPECT_EQ(schedule[active_entry(schedule, call)].text, "a");
}

TEST(PromptSchedule, BeyondTheEndIsTheFirstEntryAgain) {
  const auto schedule = schedule_prompt("[a:b:5]", 10);
  EXPECT_EQ(active_entry(schedule, 11), 0u);
}

TEST(PromptSchedule, AStrayBarMakesTheWholePromptLiteral) {
  const auto schedule = schedule_prompt("[a:b:5] | c", 10);
  ASSERT_EQ(schedule.size(), 1u);
  EXPECT_EQ(schedule[0].text, "[a:b:5] | c");
}

TEST(PromptSchedule, CompleteBracketsCountBesideStrayOnes) {
  for (const char* prompt : {"[a:b:5])[", "][a:b:5]:(", "([a:b:5]]]", "[a:b:5]::["}) {
    const auto schedule = schedule_prompt(prompt, 10);
    ASSERT_EQ(schedule.size(), 2u) << prompt;
    EXPECT_THAT(schedule[0].text, HasSubstr("a"));
    EXPECT_THAT(schedule[1].text, ::testing::Not(HasSubstr("a")));
  }
}

TEST(PromptSchedule, RefusesLessThanOneStep) {
  for (int steps : {0, -3})
    EXPECT_THAT(refusal([&] { schedule_prompt("a", steps); }), HasSubstr("expected at least 1"));
}

TEST(PromptSchedule, RefusesInvalidUtf8AndEndlessPrompts) {
  EXPECT_THAT(refusal([] { schedule_prompt("[a:\xff:3]", 10); }), HasSubstr("byte 3 "));
  EXPECT_THAT(refusal([] { schedule_prompt(std::string(kMaxPromptBytes + 1, '['), 10); }),
              HasSubstr("shorten it"));
}

TEST(PromptSchedule, RefusesWhatWouldFillTheMemoryWhenSpelledOut) {
  EXPECT_THAT(refusal([] { schedule_prompt("[a|b]" + repeat("x", 500000), 1000); }),
              HasSubstr("use fewer [a|b]"));
  EXPECT_THAT(refusal([] { schedule_prompt("[a|b]", 2000000000); }), HasSubstr("use fewer [a|b]"));
  EXPECT_THAT(refusal([] { schedule_prompt("[a|b]" + repeat("[:1]", 200000), 1000000); }),
              HasSubstr("use fewer [a|b]"));
  EXPECT_EQ(schedule_prompt("[a:b:0.5]", 2000000000).size(), 2u);
}

TEST(PromptSchedule, NestingOfAnyDepthTakesAMoment) {
  for (const auto& [open, close] : {std::pair("[", ":2]"),
                                    {"(", ")"},
                                    {"[a|", "]"},
                                    {"[a:", ":1]"},
                                    {"[", ""},
                                    {"", "]"},
                                    {"([", ")]"},
                                    {"[(", "):3]"},
                                    {"\\", ""},
                                    {"[|", ""}}) {
    const size_t times = kMaxPromptBytes / (std::strlen(open) + std::strlen(close));
    const std::string prompt = repeat(open, times) + repeat(close, times);
    EXPECT_LT(testing::seconds_of([&] { schedule_prompt(prompt, 10); }), 20) << open << close;
  }
}

}  // namespace
}  // namespace pentimento
