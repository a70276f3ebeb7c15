#include "samplers/random.h"

#include "samplers/philox_generator.h"
#include "samplers/torch_generator.h"

namespace pentimento {

std::unique_ptr<Generator> make_generator(RngSource source, uint64_t seed) {
  if (source == RngSource::Nv) return std::make_unique<PhiloxGenerator>(seed);
  return std::make_unique<TorchGenerator>(seed);
}

}  // namespace pentimento
