// DPM++ SDE: DPM-Solver++(2S) for the diffusion SDE, as k-diffusion has it, with noise from a
// Brownian path so that the same seed paints the same picture at any number of steps
// (https://arxiv.org/abs/2211.01095; the SDE form is k-diffusion's own).
// Symbols: t = -ln sigma, s the middle of a step, r = 1/2; sd and su the ancestral levels.
//   x' = sd/sigma_t x - expm1(ln sd/sigma_t) x0;  x' += su w(t, s)
//   D  = (1 - 1/(2r)) x0 + 1/(2r) x0(x', sigma_s);  the same step again with D, down to sigma_next
// Limitations: two model calls a step. Times are float32: the Brownian tree reads their sixth
// decimal, and published seeds depend on how k-diffusion rounded them.
#include "samplers/ancestral.h"
#include "samplers/solvers.h"

namespace pentimento {
namespace {

float time_of(double sigma) { return static_cast<float>(-std::log(sigma)); }
double sigma_at(float t) { return static_cast<float>(std::exp(-double{t})); }

// From level `from` towards `to`, given the estimate `x0` of the clean picture.
Vec sde_step(const Vec& x, const Vec& x0, double from, double to, const SamplerInputs& in) {
  const AncestralStep level = ancestral_step(from, to, *in.options.eta);
  return sum({{level.down / from, x},
              {1 - level.down / from, x0},
              {in.options.s_noise * level.up, in.brownian(from, to)}});
}

}  // namespace

Vec sample_dpmpp_sde(Vec x, std::span<const double> sigmas, const SamplerInputs& in) {
  const size_t steps = sigmas.size() - 1;
  for (size_t i = 0; i < steps; ++i) {
    const Vec x0 = in.denoise(x, sigmas[i]);
    if (sigmas[i + 1] == 0) {
      x = x0;
    } else {
      const float t = time_of(sigmas[i]), t_next = time_of(sigmas[i + 1]);
      const float s = t + (t_next - t) * 0.5f;
      const Vec middle = sde_step(x, x0, sigma_at(t), sigma_at(s), in);
      const Vec x0_middle = in.denoise(middle, sigma_at(s));
      x = sde_step(x, x0_middle, sigma_at(t), sigma_at(t_next), in);  // 1 / (2r) = 1: D = x0_middle
    }
    report(in.on_step, i + 1, steps, x0);
  }
  return x;
}

}  // namespace pentimento
