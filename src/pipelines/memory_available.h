// What memory a plan is judged against.
#pragma once

#include <cstdint>

#include "base/memory.h"
#include "runtime/resident_memory.h"

namespace pentimento {

// What the system has to give, and what compiled networks hold already. 0: it does not tell.
inline uint64_t memory_available_to(const StableDiffusion& networks) {
  const uint64_t available = available_memory_bytes();
  return available == 0 ? 0 : available + resident_bytes(networks);
}

}  // namespace pentimento
