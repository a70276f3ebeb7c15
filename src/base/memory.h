// How much memory this process may still take.
#pragma once

#include <cstdint>

namespace pentimento {

// Bytes the system can give without swapping: MemAvailable, or what a container's limit leaves,
// whichever is less. 0 when the system does not tell.
uint64_t available_memory_bytes();

// The largest the resident set of this process has been, in bytes.
uint64_t peak_memory_bytes();

}  // namespace pentimento
