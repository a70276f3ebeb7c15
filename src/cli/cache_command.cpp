// The verb cache: the compiled networks kept on disk.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/context.h"

namespace pentimento {

void add_cache(CLI::App& app, Context& context) {
  auto clear = std::make_shared<bool>(false);
  CLI::App* verb = app.add_subcommand("cache", "show or clear the compiled networks kept on disk");
  verb->add_flag("--clear", *clear, "delete them; the next run of each model starts slower once");
  verb->callback([&context, clear] {
    const RuntimeOptions options = context.runtime_options();
    const Runtime runtime(options);
    const auto mib = [](uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; };
    const uint64_t before = runtime.cache_bytes();
    if (*clear) runtime.clear_cache();
    std::cout << options.cache_dir.string() << ": " << mib(before) << " of at most "
              << mib(options.cache_limit_bytes) << (*clear ? ", cleared" : "") << "\n";
  });
}

}  // namespace pentimento
