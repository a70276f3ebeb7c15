// What a person at a terminal sees while work goes on: one bar that moves, or plain lines when the
// output is not a terminal.
#pragma once

#include <chrono>
#include <string>

#include "base/progress.h"

namespace pentimento {

enum class Talk { Bar, Lines, Silent };  // Silent: --json and --quiet

// Thread contract: used by the computing thread only.
class Terminal {
 public:
  explicit Terminal(Talk talk) : talk_(talk) {}
  // Bar when standard error is a terminal, else Lines.
  static Talk usual_talk();

  void say(const std::string& line);  // a line of its own, to standard error
  // "denoise  [######----]  6/11  4.1 s/step  about 20 s left"; other stages are one line each.
  void show(const ProgressEvent& event);
  void finish();  // ends a bar that is on screen

  // A Progress that draws here and stops with `cancel`.
  Progress progress(CancelToken cancel);

 private:
  using Clock = std::chrono::steady_clock;
  Talk talk_;
  bool bar_on_screen_ = false;
  std::string stage_;
  Clock::time_point stage_began_{}, last_drawn_{};
  int stage_began_at_ = 0;  // what was done already when the stage began, or went on
};

// "0.8 s", "50 s", "3 min 20 s".
std::string spoken_seconds(double seconds);

// Makes Ctrl-C (and SIGTERM) raise the token; a second Ctrl-C ends the program at once.
CancelToken cancel_on_interrupt();

}  // namespace pentimento
