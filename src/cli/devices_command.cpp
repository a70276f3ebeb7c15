// The verb devices: what this computer can compute on.
#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/context.h"
#include "studio/result_json.h"

namespace pentimento {

void add_devices(CLI::App& app, Context& context) {
  CLI::App* verb = app.add_subcommand("devices", "list what this computer can compute on");
  add_json_option(*verb, context);
  verb->callback([&context] {
    const auto devices = Runtime(context.runtime_options()).devices();
    if (context.json) {
      std::cout << devices_json(devices) << "\n";
      return;
    }
    for (const DeviceInfo& device : devices) {
      std::string fast;
      for (const std::string& precision : device.precisions)
        fast += (fast.empty() ? "" : ", ") + precision;
      std::cout << device.name << "  " << device.full_name << "\n    fast at: " << fast
                << "; --precision auto means " << to_string(device.auto_precision) << "\n";
    }
  });
}

}  // namespace pentimento
