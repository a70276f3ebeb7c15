// What compiling a network cost, for the user and the benchmarks.
#pragma once

#include <string>

namespace pentimento {

struct CompileRecord {
  std::string network;  // "unet"
  double seconds = 0;   // that whoever asked for it had to wait
  bool from_cache = false;
};

}  // namespace pentimento
