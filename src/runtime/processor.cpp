#include "runtime/processor.h"

#if defined(__x86_64__)
#include <cpuid.h>

#include <cstring>
#endif

namespace pentimento {

Processor this_processor() {
  Processor result;
#if defined(__x86_64__)
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(0, &a, &b, &c, &d)) {
    char name[13] = {};
    std::memcpy(name, &b, 4);
    std::memcpy(name + 4, &d, 4);
    std::memcpy(name + 8, &c, 4);
    result.vendor = name;
  }
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) result.amx_bf16 = d & (1u << 22);
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d)) result.avx512_bf16 = a & (1u << 5);
#endif
  return result;
}

bool bf16_is_fast(const Processor& processor) {
  if (processor.amx_bf16) return true;
  return processor.avx512_bf16 && processor.vendor == "AuthenticAMD";
}

}  // namespace pentimento
