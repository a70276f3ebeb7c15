// torch.randn on an NVIDIA device, counted out on the CPU: Philox4x32-10
// (https://doi.org/10.1145/2063384.2063405) with the draw's number and the element's index as the
// counter. The values are A1111's modules/rng_philox.py ("NV").
// Limitations: equals the device only while a draw fits one pass of its grid, and at most 2^32
// elements a draw.
#pragma once

#include "samplers/random.h"

namespace pentimento {

class PhiloxGenerator final : public Generator {
 public:
  explicit PhiloxGenerator(uint64_t seed) : seed_(seed) {}
  std::vector<float> randn(int64_t count) override;

 private:
  uint64_t seed_;
  uint32_t draws_ = 0;
};

}  // namespace pentimento
