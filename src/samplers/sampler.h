// Solvers of the probability-flow ODE and its SDE relatives, with AUTOMATIC1111's names and
// k-diffusion's arithmetic. Pure mathematics on one picture's latent as a flat array: no model, no
// files, no hidden randomness.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pentimento {

using Vec = std::vector<float>;

// Denoised estimate x0 of x at noise level sigma; guidance and masks are inside.
using Denoiser = std::function<Vec(const Vec& x, double sigma)>;
// One more standard normal draw of x's size from the picture's own generator.
using NoiseSource = std::function<Vec()>;
// Brownian increment over [sigma, sigma_next], of unit variance (torchsde's tree).
using BrownianNoise = std::function<Vec(double sigma, double sigma_next)>;
// Called after every solver step: index, steps, and the latest x0 estimate (for previews).
using StepCallback = std::function<void(int done, int total, const Vec& denoised)>;

struct SamplerOptions {
  double eta = 1.0;        // ancestral and SDE noise share (DDIM: 0 by default)
  double s_churn = 0.0, s_tmin = 0.0, s_tmax = 0.0 /*0 = infinity*/, s_noise = 1.0;
};

struct SamplerInputs {
  Denoiser denoise;
  NoiseSource noise;
  BrownianNoise brownian;
  StepCallback on_step;
  SamplerOptions options;
};

// What the user may choose, in A1111's display order.
struct SamplerInfo {
  std::string name;                       // "DPM++ 2M"
  std::vector<std::string> aliases;       // "k_dpmpp_2m"
  std::string default_scheduler;          // "karras", or "" for the plain model schedule
  bool second_order = false;              // two model calls per step
  bool uses_ensd = false;
  bool discard_penultimate = false;
  bool brownian = false;
  bool timestep_based = false;            // DDIM, PLMS, UniPC: ignores the scheduler
  bool lcm = false;                       // needs the LCM denoiser scaling
};
std::span<const SamplerInfo> samplers();
// By name or alias; throws NotFound that lists close names.
const SamplerInfo& find_sampler(std::string_view name);

// Runs the sampler over `sigmas` (descending, usually ending in 0) from x; returns the final x.
// For timestep-based samplers `sigmas` are those of the timesteps (see timestep_schedule).
Vec sample(const SamplerInfo& sampler, Vec x, std::span<const double> sigmas, const SamplerInputs& in);

}  // namespace pentimento
