// What the processor multiplies fast: decides `--precision auto`.
#pragma once

#include <string>

namespace pentimento {

struct Processor {
  std::string vendor;  // "AuthenticAMD", "GenuineIntel"; empty on other architectures
  bool avx512_bf16 = false;
  bool amx_bf16 = false;
};

Processor this_processor();

// bf16 pays where a wide unit multiplies it: AVX512_BF16 on AMD (Zen 4 and later: twice f32), AMX
// on Intel. AVX512_BF16 on an Intel processor whose AMX is absent or hidden by a virtual machine is
// slower than f32.
bool bf16_is_fast(const Processor& processor);

}  // namespace pentimento
