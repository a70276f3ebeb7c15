#include "cli/terminal.h"

#include <sys/time.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "cli/interrupt.h"

namespace pentimento {
namespace {

std::string fixed(double value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

const char* spoken_stage(std::string_view stage) {
  if (stage == "load") return "reading the model";
  if (stage == "hash") return "hashing the model";
  if (stage == "compile") return "preparing the networks";
  if (stage == "text") return "reading the prompt";
  if (stage == "encode") return "encoding the picture";
  if (stage == "denoise") return "painting";
  if (stage == "decode") return "decoding the picture";
  if (stage == "paint") return "painting";
  if (stage == "enlarge") return "enlarging";
  if (stage == "refine") return "refining";
  return nullptr;
}

std::string bar(int done, int total) {
  constexpr int kWidth = 24;
  const int filled = total > 0 ? kWidth * done / total : 0;
  return "[" + std::string(static_cast<size_t>(filled), '#') +
         std::string(static_cast<size_t>(kWidth - filled), '-') + "]";
}

}  // namespace

std::string spoken_seconds(double seconds) {
  if (seconds < 9.95) return fixed(seconds, 1) + " s";
  const long whole = std::lround(seconds);
  if (whole < 120) return std::to_string(whole) + " s";
  return std::to_string(whole / 60) + " min" +
         (whole % 60 ? " " + std::to_string(whole % 60) + " s" : "");
}

Talk Terminal::usual_talk() { return ::isatty(STDERR_FILENO) ? Talk::Bar : Talk::Lines; }

void Terminal::say(const std::string& line) {
  if (talk_ == Talk::Silent) return;
  finish();
  std::fprintf(stderr, "%s\n", line.c_str());
}

void Terminal::show(const ProgressEvent& event) {
  if (talk_ == Talk::Silent) return;
  const auto now = Clock::now();
  if (event.stage != stage_) {
    finish();
    stage_ = event.stage;
    stage_began_ = now;
    stage_began_at_ = event.done;
    last_drawn_ = {};
  }
  const char* spoken = spoken_stage(event.stage);
  const std::string name = spoken ? spoken : std::string(event.stage);
  const bool ends = event.total > 0 && event.done >= event.total;
  if (talk_ == Talk::Lines) {  // a line when a stage begins to count, then every ten seconds
    if (event.total > 1 && !ends && now - last_drawn_ < std::chrono::seconds(10)) return;
    if (event.total <= 1 && last_drawn_ != Clock::time_point{}) return;
    last_drawn_ = now;
  }
  std::string line = name;
  if (event.total > 1) {
    const double spent = std::chrono::duration<double>(now - stage_began_).count();
    line += "  " + bar(event.done, event.total) + "  " + std::to_string(event.done) + "/" +
            std::to_string(event.total);
    if (event.done > stage_began_at_ && event.stage == "denoise") {
      const double each = spent / (event.done - stage_began_at_);
      line += "  " + fixed(each, each < 1 ? 2 : 1) + " s/step";
      if (!ends) line += "  about " + spoken_seconds(each * (event.total - event.done)) + " left";
    }
  }
  if (talk_ == Talk::Bar) {
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    bar_on_screen_ = true;
  } else {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
  std::fflush(stderr);
}

void Terminal::finish() {
  if (bar_on_screen_) std::fprintf(stderr, "\r\033[K");
  bar_on_screen_ = false;
}

Progress Terminal::progress(CancelToken cancel) {
  Progress progress;
  progress.cancel = std::move(cancel);
  progress.report = [this](const ProgressEvent& event) { show(event); };
  return progress;
}

namespace {

// A signal handler can reach nothing else.
CancelToken* interrupted = nullptr;
volatile std::sig_atomic_t patient = 0;
constexpr suseconds_t kPatience_us = 800'000;

void on_signal(int) {
  if (interrupted->cancelled()) std::_Exit(130);
  interrupted->cancel();
  if (patient) return;
  const itimerval soon{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_usec = kPatience_us}};
  ::setitimer(ITIMER_REAL, &soon, nullptr);
}

void on_impatience(int) {
  constexpr std::string_view kStopped = "\nstopped; nothing half-written was left\n";
  if (::write(STDERR_FILENO, kStopped.data(), kStopped.size()) < 0) std::_Exit(130);
  std::_Exit(130);
}

}  // namespace

CancelToken cancel_on_interrupt() {
  static CancelToken token;
  interrupted = &token;
  struct sigaction action {};
  action.sa_handler = on_signal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = on_impatience;
  ::sigaction(SIGALRM, &action, nullptr);
  return token;
}

void take_time_to_stop() { patient = 1; }

}  // namespace pentimento
