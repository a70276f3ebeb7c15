// Two spellings of the same names. A pair stands for a module and everything below it:
// ("input_blocks.0.0", "conv_in") also turns "input_blocks.0.0.weight" into "conv_in.weight".
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace pentimento {

class NameTable {
 public:
  void add(std::string ldm, std::string diffusers);

  // The other spelling by the longest module that the table knows; "" when it knows none.
  std::string to_diffusers(std::string_view name) const { return translate(to_diffusers_, name); }
  std::string to_ldm(std::string_view name) const { return translate(to_ldm_, name); }

 private:
  using Map = std::map<std::string, std::string, std::less<>>;
  static std::string translate(const Map& map, std::string_view name);

  Map to_diffusers_, to_ldm_;
};

}  // namespace pentimento
