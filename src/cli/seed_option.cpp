#include "cli/seed_option.h"

#include <CLI/CLI.hpp>

#include "base/error.h"

namespace pentimento {

CLI::Option* add_seed_option(CLI::App& verb, const std::string& name, std::optional<uint64_t>& seed,
                             const std::string& what) {
  const auto take = [&seed, name](const int64_t& value) {
    if (value < -1)
      throw Error(ErrorKind::InvalidArgument,
                  name.substr(2) + " is " + std::to_string(value) +
                      ", expected 0 to 4294967295, or -1 to have one drawn");
    seed.reset();
    if (value >= 0) seed = static_cast<uint64_t>(value);
  };
  return verb.add_option_function<int64_t>(name, take, what);
}

}  // namespace pentimento
