// Tiny random models from tests/golden/models_*.safetensors, as checkpoints ready to load.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "runtime/stable_diffusion.h"
#include "support/golden.h"

namespace pentimento::testing {

// The tensors under "PREFIX/", without it.
TensorMap part(const Golden& golden, std::string_view prefix);

Checkpoint tiny_sd1();

inline RuntimeOptions f32_on_cpu() { return {.precision = Precision::F32}; }

inline std::unique_ptr<StableDiffusion> load(Runtime& runtime, Checkpoint checkpoint) {
  return StableDiffusion::load(runtime, std::move(checkpoint), /*weights_id=*/"");
}

}  // namespace pentimento::testing
