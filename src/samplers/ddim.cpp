// DDIM (https://arxiv.org/abs/2010.02502, equation 12) over the timesteps a model was trained on.
// Symbols: a = alphas_cumprod at t, a' at the timestep before it.
//   x0 = (x - sqrt(1 - a) e) / sqrt(a)
//   s  = eta sqrt((1 - a') / (1 - a) (1 - a / a'))
//   x <- sqrt(a') x0 + sqrt(1 - a' - s²) e + s z
// Limitations: AUTOMATIC1111's loop, which leaves out the step from the first timestep: n timesteps
// are n - 1 model calls, and one timestep alone returns x as it came.
#include "samplers/solvers.h"
#include "samplers/vec_ops.h"

namespace pentimento {

Vec sample_ddim(Vec x, std::span<const int> timesteps, const NoiseTable& table,
                const TimestepInputs& in) {
  const double eta = *in.options.eta;
  for (size_t index = timesteps.size(); index-- > 1;) {
    const double a = table.alphas_cumprod()[timesteps[index]];
    const double a_next = table.alphas_cumprod()[timesteps[index - 1]];
    const double s = eta * std::sqrt((1 - a_next) / (1 - a) * (1 - a / a_next));
    const Vec e = in.epsilon(x, timesteps[index]);
    const Vec x0 = sum({{1 / std::sqrt(a), x}, {-std::sqrt((1 - a) / a), e}});
    x = sum({{std::sqrt(a_next), x0}, {std::sqrt(1 - a_next - square(s)), e}});
    if (eta != 0) x = sum({{1, x}, {s, in.noise()}});
    report(in.on_step, timesteps.size() - index, timesteps.size() - 1, x0);
  }
  return x;
}

}  // namespace pentimento
