// The time of day, passed in so that tests can hold it still.
#pragma once

#include <chrono>
#include <functional>

namespace pentimento {

using Clock = std::function<double()>;  // seconds since 1970

inline Clock system_clock() {
  return [] {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
}

}  // namespace pentimento
