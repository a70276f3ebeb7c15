// What the measuring programs share: options, a stopwatch, a median, and how they end.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "base/error.h"
#include "runtime/runtime.h"

namespace pentimento::bench {

struct Options {
  std::string precision = "auto", cache;
  int rounds = 3;

  void declare(CLI::App& app) {
    app.add_option("--rounds", rounds, "how often")->check(CLI::Range(0, 1000));
    app.add_option("--precision", precision, "auto, f32, bf16 or f16");
    app.add_option("--cache", cache, "folder of compiled networks; none: they are compiled");
  }
  RuntimeOptions runtime() const {
    return {.precision = parse_precision(precision), .cache_dir = cache};
  }
};

inline double seconds(const std::function<void()>& act) {
  const auto start = std::chrono::steady_clock::now();
  act();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// The body of main(): options by `declare`, then `run`.
inline int main_of(int argc, char** argv, const std::string& what,
                   const std::function<void(CLI::App&)>& declare,
                   const std::function<void()>& run) {
  CLI::App app(what);
  declare(app);
  CLI11_PARSE(app, argc, argv);
  try {
    run();
    return 0;
  } catch (const Error& error) {
    std::cerr << argv[0] << ": " << error.what() << "\n";
    return exit_code(error.kind());
  }
}

}  // namespace pentimento::bench
