#include "runtime/resident_memory.h"

#include "runtime/stable_diffusion_impl.h"

namespace pentimento {

uint64_t resident_bytes(Runtime& runtime) { return runtime.impl().budget->held_bytes(); }

uint64_t resident_bytes(const StableDiffusion& model) {
  const auto* resident = dynamic_cast<const ResidentModel*>(&model);
  return resident ? resident_bytes(resident->runtime()) : 0;
}

void make_room(Runtime& runtime, uint64_t bytes) { runtime.impl().budget->make_room(bytes); }

void limit_resident_bytes(Runtime& runtime, uint64_t limit_bytes) {
  runtime.impl().budget->limit(limit_bytes);
}

}  // namespace pentimento
