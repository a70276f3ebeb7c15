// Memory of compiled networks, of all models of a runtime together (runtime/network_budget.h).
#pragma once

#include <cstdint>

namespace pentimento {

class Runtime;
class StableDiffusion;

// Bytes that compiled networks hold now. Those of other models are let go, and a model's own are
// used again, when it computes: they count as free when memory is judged.
uint64_t resident_bytes(Runtime& runtime);
uint64_t resident_bytes(const StableDiffusion& model);  // of the runtime that it belongs to

// Lets networks go, those used longest ago first, until the system has so many bytes to give or
// none is left: for what computes beside them. Belongs to the computing thread.
void make_room(Runtime& runtime, uint64_t bytes);

// Networks beyond this leave, those used longest ago first; 0: as much as the system has to give.
void limit_resident_bytes(Runtime& runtime, uint64_t limit_bytes);

}  // namespace pentimento
