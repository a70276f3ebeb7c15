#include "cli/terminal.h"

#include <gtest/gtest.h>

#include <thread>

namespace pentimento {
namespace {

constexpr double kPause = 0.09;  // seconds after each event

std::string shown(const std::vector<ProgressEvent>& events) {
  testing::internal::CaptureStderr();
  Terminal terminal(Talk::Lines);
  for (const ProgressEvent& event : events) {
    terminal.show(event);
    std::this_thread::sleep_for(std::chrono::duration<double>(kPause));
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
  const auto began = std::chrono::steady_clock::now();
  const std::string text = shown(
      {{.stage = "denoise", .done = 4, .total = 7}, {.stage = "denoise", .done = 7, .total = 7}});
  const std::chrono::duration<double> whole = std::chrono::steady_clock::now() - began;
  const size_t end = text.find(" s/step");
  ASSERT_NE(end, std::string::npos) << text;
  const double each = std::stod(text.substr(text.rfind(' ', end - 1) + 1));
  constexpr double kRounding = 0.0051;
  EXPECT_GE(each, kPause / 3 - kRounding) << "three steps were seen, not seven";
  EXPECT_LE(each, whole.count() / 3 + kRounding);
}

}  // namespace
}  // namespace pentimento
