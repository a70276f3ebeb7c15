// Solvers of the probability-flow ODE and its SDE relatives, with AUTOMATIC1111's names and
// k-diffusion's arithmetic. Pure mathematics on one picture's latent as a flat array: no model, no
// files, no hidden randomness. A job wants samplers/sampling_plan.h, which drives all of this.
// Thread contract: free functions, no shared state.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "samplers/schedule.h"

namespace pentimento {

using Vec = std::vector<float>;

// Denoised estimate x0 of x at noise level sigma; guidance and masks are inside.
using Denoiser = std::function<Vec(const Vec& x, double sigma)>;
// Noise estimate for x = sqrt(acp) x0 + sqrt(1 - acp) eps at a (possibly fractional) timestep.
using EpsilonModel = std::function<Vec(const Vec& x, double timestep)>;
// One more standard normal draw of x's size from the picture's own generator.
using NoiseSource = std::function<Vec()>;
// Brownian increment over [sigma, sigma_next], of unit variance (torchsde's tree).
using BrownianNoise = std::function<Vec(double sigma, double sigma_next)>;
// Called after every solver step: index, steps (0: not known), and the latest x0 estimate.
using StepCallback = std::function<void(int done, int total, const Vec& denoised)>;

struct SamplerOptions {
  std::optional<double> eta;  // noise share, 0 = none; absent: the sampler's own
  double s_churn = 0.0, s_tmin = 0.0, s_tmax = 0.0 /*0 = infinity*/, s_noise = 1.0;
};

struct SamplerInputs {
  Denoiser denoise;
  NoiseSource noise;
  BrownianNoise brownian;  // samplers with .brownian need it
  StepCallback on_step;    // may be empty
  SamplerOptions options;
  const NoiseTable* table = nullptr;  // TCD needs it
};

struct TimestepInputs {
  EpsilonModel epsilon;
  NoiseSource noise;     // DDIM with eta > 0
  StepCallback on_step;  // may be empty
  SamplerOptions options;
  bool truncated = false;  // timesteps are only the end of a schedule: UniPC starts from the last
};

// What the user may choose, in A1111's display order.
struct SamplerInfo {
  std::string name;                  // "DPM++ 2M"
  std::vector<std::string> aliases;  // "k_dpmpp_2m"
  std::string default_scheduler;     // "karras", or "" for the plain model schedule
  bool second_order = false;         // two model calls per step; prompt schedules count both
  bool uses_ensd = false;            // infotext names ENSD
  bool discard_penultimate = false;  // runs on a schedule of steps + 1 without its last but one
  bool brownian = false;
  bool timestep_based = false;  // DDIM, PLMS, UniPC: ignores the scheduler
  bool lcm = false;             // needs the LCM denoiser scaling
  bool uses_churn = false;      // s_churn, s_tmin, s_tmax mean something
  bool uses_s_noise = false;
  std::optional<double> default_eta;  // absent: eta means nothing

  using Solve = Vec (*)(Vec x, std::span<const double> sigmas, const SamplerInputs& in);
  using SolveTimesteps = Vec (*)(Vec x, std::span<const int> timesteps, const NoiseTable& table,
                                 const TimestepInputs& in);
  using CountCalls = int (*)(std::span<const double> sigmas);
  Solve solve = nullptr;
  SolveTimesteps solve_timesteps = nullptr;
  CountCalls count_calls = nullptr;  // model calls over sigmas; null: found out as it goes
};
std::span<const SamplerInfo> samplers();
// By name or alias, in any case; throws NotFound that lists close names.
const SamplerInfo& find_sampler(std::string_view name);

struct SamplerChoice {
  const SamplerInfo* sampler = nullptr;
  const SchedulerInfo* scheduler = nullptr;
};
// A1111's two names as people write them: "DPM++ 2M Karras" is DPM++ 2M with Karras, and a
// scheduler inside the sampler's name wins over `scheduler`. "" means the first sampler and
// Automatic. Unlike A1111, an unknown name throws NotFound instead of becoming DPM++ 2M.
SamplerChoice resolve_sampler_name(std::string_view sampler, std::string_view scheduler);
// The schedule in effect: Automatic gives way to the sampler's own default, if it has one.
const SchedulerInfo& effective_scheduler(const SamplerChoice& choice);

// Runs a sampler over `sigmas` (>= 2 values, descending, usually ending in 0) from x, whose noise
// has standard deviation sigmas[0]; returns the final x. DPM fast and DPM adaptive take only the
// range and the count from it: from sigmas[0] down to the last but one.
// Throws InvalidArgument; Internal when an input the sampler needs is missing.
Vec sample(const SamplerInfo& sampler, Vec x, std::span<const double> sigmas,
           const SamplerInputs& in);

// Runs a timestep-based sampler over ascending timesteps, last one first.
Vec sample_timesteps(const SamplerInfo& sampler, Vec x, std::span<const int> timesteps,
                     const NoiseTable& table, const TimestepInputs& in);

}  // namespace pentimento
