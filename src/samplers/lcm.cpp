// Multistep sampling of a latent consistency model (https://arxiv.org/abs/2310.04378, algorithm 2):
// the model jumps to a clean picture, which is noised again to the next level.
//   x0 = model(x, sigma);   x <- x0 + sigma_next z
// The model's own boundary scaling is in the denoiser (parameterization.h).
// Limitations: for models distilled as LCM (or with an LCM LoRA); others give blur.
#include "samplers/solvers.h"
#include "samplers/vec_ops.h"

namespace pentimento {

Vec sample_lcm(Vec x, std::span<const double> sigmas, const SamplerInputs& in) {
  const size_t steps = sigmas.size() - 1;
  for (size_t i = 0; i < steps; ++i) {
    const Vec x0 = in.denoise(x, sigmas[i]);
    x = sigmas[i + 1] > 0 ? sum({{1, x0}, {sigmas[i + 1], in.noise()}}) : x0;
    report(in.on_step, i + 1, steps, x0);
  }
  return x;
}

}  // namespace pentimento
