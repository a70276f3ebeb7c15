// Seeds on the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace pentimento {

// -1 means "draw one", as in A1111; other negative numbers are refused, larger ones by the request.
CLI::Option* add_seed_option(CLI::App& verb, const std::string& name, std::optional<uint64_t>& seed,
                             const std::string& what);

}  // namespace pentimento
