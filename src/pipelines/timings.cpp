#include "pipelines/timings.h"

#include <cmath>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/paths.h"

namespace pentimento {

Timings::Timings(std::filesystem::path file) : file_(std::move(file)) {
  std::ifstream in(file_);
  std::string line;
  while (std::getline(in, line)) {
    const size_t tab = line.rfind('\t');
    if (tab == std::string::npos) continue;
    std::istringstream value(line.substr(tab + 1));
    double seconds = 0;
    if (value >> seconds && std::isfinite(seconds) && seconds > 0)
      seconds_per_unit_[line.substr(0, tab)] = seconds;
  }
}

std::optional<double> Timings::seconds(const std::string& key, double amount) const {
  const auto found = seconds_per_unit_.find(key);
  if (found == seconds_per_unit_.end()) return {};
  return found->second * amount;
}

void Timings::learn(const std::string& key, double amount, double seconds) {
  if (amount <= 0 || seconds <= 0) return;
  // The latest run counts half: a machine's speed changes with what else runs on it.
  double& known = seconds_per_unit_[key];
  known = known > 0 ? (known + seconds / amount) / 2 : seconds / amount;
  if (file_.empty()) return;
  std::ostringstream text;
  text.precision(12);
  for (const auto& [name, value] : seconds_per_unit_) text << name << '\t' << value << '\n';
  const std::string content = text.str();
  try {
    std::filesystem::create_directories(file_.parent_path());
    write_file_atomically(file_, std::as_bytes(std::span(content.data(), content.size())));
  } catch (const std::exception&) {  // no estimate next time; the picture matters more
  }
}

}  // namespace pentimento
