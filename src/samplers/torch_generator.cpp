#include "samplers/torch_generator.h"

#include <cmath>
#include <numbers>

#include "samplers/box_muller.h"

namespace pentimento {

// torch hands the engine a 64-bit seed, of which the engine reads 32.
TorchGenerator::TorchGenerator(uint64_t seed) : engine_(static_cast<uint32_t>(seed)) {}

float TorchGenerator::uniform() { return static_cast<float>(engine_() & 0xffffffu) * 0x1p-24f; }

double TorchGenerator::uniform_double() {
  const uint64_t high = static_cast<uint32_t>(engine_());
  const uint64_t low = static_cast<uint32_t>(engine_());
  return static_cast<double>((high << 32 | low) & ((uint64_t{1} << 53) - 1)) * 0x1p-53;
}

double TorchGenerator::normal() {
  if (spare_) {
    const double value = *spare_;
    spare_.reset();
    return value;
  }
  const double u1 = uniform_double(), u2 = uniform_double();
  const double radius = std::sqrt(-2.0 * std::log1p(-u2)), angle = 2.0 * std::numbers::pi * u1;
  spare_ = radius * std::sin(angle);
  return radius * std::cos(angle);
}

// All uniforms first, then block by block; an incomplete last block is made anew, from fresh
// uniforms, as the last 16 values of the whole.
void TorchGenerator::fill(std::span<float> values) {
  for (float& value : values) value = uniform();
  const size_t whole = values.size() / 16 * 16;
  for (size_t i = 0; i < whole; i += 16) box_muller_16(values.subspan(i).first<16>());
  if (whole == values.size()) return;
  const auto last = values.last<16>();
  for (float& value : last) value = uniform();
  box_muller_16(last);
}

std::vector<float> TorchGenerator::randn(int64_t count) {
  std::vector<float> values(static_cast<size_t>(count));
  if (count >= 16)
    fill(values);
  else
    for (float& value : values) value = static_cast<float>(normal());
  return values;
}

}  // namespace pentimento
