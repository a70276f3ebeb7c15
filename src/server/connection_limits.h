// How much and how long one connection may take.
#pragma once

#include <cstddef>

namespace pentimento {

struct ConnectionLimits {
  size_t header_bytes = 32 << 10;
  size_t body_bytes = 128 << 20;
  double header_seconds = 10;         // from the first byte of a request to the end of its header
  double idle_seconds = 30;           // between requests
  double stall_seconds = 30;          // without a byte moving, while reading or writing
  double slowest_bytes_per_s = 16e3;  // of a body, on the whole, in both directions
};

}  // namespace pentimento
