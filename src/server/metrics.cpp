#include "server/metrics.h"

#include <cstdio>

namespace pentimento {

void Metrics::count(const std::string& name, const std::string& labels, double by) {
  std::lock_guard lock(mutex_);
  counters_[name][labels] += by;
}

std::string Metrics::text() const {
  std::lock_guard lock(mutex_);
  std::string text;
  for (const auto& [name, series] : counters_) {
    text += "# TYPE " + name + " counter\n";
    for (const auto& [labels, value] : series) {
      char number[40];
      std::snprintf(number, sizeof number, "%.17g", value);
      text += name + (labels.empty() ? "" : "{" + labels + "}") + " " + number + "\n";
    }
  }
  return text;
}

}  // namespace pentimento
