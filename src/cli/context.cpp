#include "cli/context.h"

#include <CLI/CLI.hpp>

namespace pentimento {

RuntimeOptions Context::runtime_options() const {
  RuntimeOptions options = runtime;
  options.precision = parse_precision(precision_text);
  options.cache_dir = paths.cache / "networks";
  return options;
}

void add_runtime_options(CLI::App& verb, Context& context) {
  const char* group = "Computer";
  verb.add_option("--precision", context.precision_text,
                  "auto, f32, bf16 or f16; auto takes bf16 where this processor is fast at it")
      ->group(group)
      ->capture_default_str();
  verb.add_option("--device", context.runtime.device,
                  "CPU, GPU, NPU or AUTO (see: pentimento devices)")
      ->group(group)
      ->capture_default_str();
  verb.add_option("--threads", context.runtime.threads, "processor threads; 0 lets OpenVINO choose")
      ->group(group)
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
}

void add_json_option(CLI::App& verb, Context& context) {
  verb.add_flag("--json", context.json, "print one JSON object with the result, nothing else")
      ->group("Output");
}

}  // namespace pentimento
