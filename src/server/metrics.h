// Counters for Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/).
#pragma once

#include <map>
#include <mutex>
#include <string>

namespace pentimento {

// Thread contract: share freely.
class Metrics {
 public:
  void count(const std::string& name, const std::string& labels = {}, double by = 1);
  // All counters in the text format; gauges are the caller's to add.
  std::string text() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::map<std::string, double>> counters_;
};

}  // namespace pentimento
