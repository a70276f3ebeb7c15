// torch.Generator on the CPU: the Mersenne Twister MT19937
// (https://doi.org/10.1145/272991.272995) and the three ways torch.randn draws from it.
// Limitations: float32 only; see box_muller.h for which builds of torch agree to the last bit.
#pragma once

#include <optional>
#include <random>
#include <span>

#include "samplers/random.h"

namespace pentimento {

class TorchGenerator final : public Generator {
 public:
  explicit TorchGenerator(uint64_t seed);
  std::vector<float> randn(int64_t count) override;

 private:
  float uniform();          // 24 bits
  double uniform_double();  // 53 bits, two words
  void fill(std::span<float> values);
  double normal();  // one at a time, for draws shorter than 16

  std::mt19937 engine_;
  std::optional<double> spare_;  // Box-Muller makes two; the second waits here, over draws too
};

}  // namespace pentimento
