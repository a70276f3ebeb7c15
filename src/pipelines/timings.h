// How long a step takes on this computer: remembered from earlier runs, so that a plan can say
// "about 50 s" before anything starts. A small text file, one "key seconds" a line.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace pentimento {

// Thread contract: one owner at a time. A damaged or unwritable file only costs the estimate.
class Timings {
 public:
  explicit Timings(std::filesystem::path file);  // empty path: forgets at exit
  // key: what was measured, e.g. "unet <family> bf16 CPU"; amount: its size, e.g. pixels.
  // Seconds are taken as proportional to the amount.
  std::optional<double> seconds(const std::string& key, double amount) const;
  void learn(const std::string& key, double amount, double seconds);

 private:
  std::filesystem::path file_;
  std::map<std::string, double> seconds_per_unit_;
};

}  // namespace pentimento
