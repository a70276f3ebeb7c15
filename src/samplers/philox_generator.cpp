#include "samplers/philox_generator.h"

#include <array>
#include <cmath>

namespace pentimento {
namespace {

using Words = std::array<uint32_t, 4>;

struct HighLow {
  uint32_t high, low;
};
HighLow multiply(uint32_t a, uint32_t b) {
  const uint64_t product = uint64_t{a} * b;
  return {static_cast<uint32_t>(product >> 32), static_cast<uint32_t>(product)};
}

Words philox4x32_10(Words counter, uint64_t seed) {
  uint32_t key0 = static_cast<uint32_t>(seed), key1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const HighLow a = multiply(counter[0], 0xD2511F53u), b = multiply(counter[2], 0xCD9E8D57u);
    counter = {b.high ^ counter[1] ^ key0, b.low, a.high ^ counter[3] ^ key1, a.low};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
}

}  // namespace

std::vector<float> PhiloxGenerator::randn(int64_t count) {
  // Constants are float32, the arithmetic around them double, as numpy promotes it.
  constexpr double kScale = 0x1p-32, kAngle = double{static_cast<float>(2.3283064e-10 * 6.2831855)};
  std::vector<float> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i) {
    const Words g = philox4x32_10({draws_, 0, static_cast<uint32_t>(i), 0}, seed_);
    const double u = g[0] * kScale + kScale / 2, v = g[1] * kAngle + kAngle / 2;
    values[i] = static_cast<float>(std::sqrt(-2.0 * std::log(u)) * std::sin(v));
  }
  ++draws_;
  return values;
}

}  // namespace pentimento
