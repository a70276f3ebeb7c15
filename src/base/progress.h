// Progress and cancellation, handed down to every long step.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pentimento {

// A flag that one thread (or a signal handler) raises and another polls. Copies share the flag.
class CancelToken {
 public:
  CancelToken() : flag_(std::make_shared<std::atomic<bool>>(false)) {}
  void cancel() const noexcept { flag_->store(true, std::memory_order_relaxed); }
  bool cancelled() const noexcept { return flag_->load(std::memory_order_relaxed); }
  void throw_if_cancelled() const {
    if (cancelled()) throw Error(ErrorKind::Cancelled, "cancelled");
  }

 private:
  std::shared_ptr<std::atomic<bool>> flag_;
};

struct ProgressEvent {
  std::string_view stage;  // "load", "compile", "encode", "denoise", "decode", …: a stable key
  int done = 0;            // units finished, 0..total
  int total = 0;           // 0: unknown
  double seconds = 0;      // since the stage began
};

// What a long function gets: where to report, and whether to go on. Callbacks run on the
// computing thread and must be quick.
struct Progress {
  std::function<void(const ProgressEvent&)> report = [](const ProgressEvent&) {};
  CancelToken cancel;

  void at(std::string_view stage, int done, int total, double seconds = 0) const {
    cancel.throw_if_cancelled();
    report({stage, done, total, seconds});
  }
};

}  // namespace pentimento
