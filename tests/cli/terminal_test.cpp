#include "cli/terminal.h"

#include <gtest/gtest.h>

#include <thread>

namespace pentimento {
namespace {

std::string shown(const std::vector<ProgressEvent>& events) {
  testing::internal::CaptureStderr();
  Terminal terminal(Talk::Lines);
  for (const ProgressEvent& event : events) {
    terminal.show(event);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return testing::internal::GetCapturedStderr();
}

TEST(Terminal, StepsDoneBeforeAPauseDoNotCountInTheSpeedAfterIt) {
  // The network is compiled within the first step: what follows begins at one of seven.
  const std::string text = shown({{.stage = "denoise", .done = 0, .total = 7},
                                  {.stage = "compile", .done = 0, .total = 1},
                                  {.stage = "denoise", .done = 1, .total = 7}});
  EXPECT_NE(text.find("1/7"), std::string::npos) << text;
  EXPECT_EQ(text.find("s/step"), std::string::npos) << text;
}

TEST(Terminal, SpeedIsTheTimeOfTheStepsSeen) {
  const std::string text = shown(
      {{.stage = "denoise", .done = 4, .total = 7}, {.stage = "denoise", .done = 7, .total = 7}});
  EXPECT_NE(text.find("0.01 s/step"), std::string::npos) << text;  // 20 ms for three steps
}

}  // namespace
}  // namespace pentimento
