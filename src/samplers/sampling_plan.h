// One picture's way through a sampler, resolved before anything runs, so that a job needs no code
// for any particular sampler:
//
//   SamplingPlan plan = plan_sampling(resolve_sampler_name("DPM++ 2M Karras", ""), 20, 0.5, table);
//   ImageNoise noise(...);
//   Vec x = start(plan, init_latent, noise.first());
//   Vec latent = run(plan, table, x, noise, {.network = guided_unet, .prediction = ...});
//
// Steps, starting noise and truncation are AUTOMATIC1111's (webui-spec §1.5-1.7), its off-by-ones
// included. Strength 0 is the one exception: nothing runs and the picture's latent comes back
// untouched (A1111 makes one step from the smallest noise level).
// Limitations: no refiner, no flow-matching models.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "samplers/latent_mask.h"
#include "samplers/parameterization.h"
#include "samplers/random.h"
#include "samplers/sampler.h"
#include "samplers/schedule.h"

namespace pentimento {

struct PlanOptions {
  bool fix_steps = false;  // picture: exactly `steps` evaluations whatever the strength
  ScheduleOptions schedule;
  bool discard_penultimate = false;   // A1111's "always discard next-to-last sigma"
  bool sgm_noise_multiplier = false;  // text to image: start from sqrt(sigma² + 1)
};

struct SamplingPlan {
  const SamplerInfo* sampler = nullptr;
  std::string scheduler;  // label in effect, "Karras"; "Automatic" = the model's own table;
                          // "" for timestep-based samplers, which have no choice
  bool from_picture = false;
  std::vector<double> sigmas;  // noise levels that run, descending: what --trace writes
  std::vector<int> timesteps;  // timestep-based samplers: what runs, ascending

  double start_image = 1;  // x = start_image * init_latent + start_noise * noise
  double start_noise = 0;
  double sigma_min = 0, sigma_max = 0;  // DPM fast and adaptive: the range they divide themselves
  int evaluations = 0;                  // DPM fast: model calls to spend on it
  double brownian_min = 0, brownian_max = 0;  // of the whole schedule, not of the part that runs

  int schedule_steps = 0;         // "runs 11 of 20 steps": 20
  int steps = 0;                  // 11
  int model_calls = 0;            // network evaluations; two a step for second-order samplers
  bool model_calls_exact = true;  // false: an estimate (DPM adaptive decides as it goes)
  int prompt_calls = 0;  // model calls that prompt schedules divide: "[a:b:0.5]" (webui-spec §4.5)
};

// steps 1..; strength 0..1 for a picture, absent for text to image.
// Throws InvalidArgument: a value out of range, or a combination that leaves nothing to solve.
SamplingPlan plan_sampling(const SamplerChoice& choice, int steps, std::optional<double> strength,
                           const NoiseTable& table, const PlanOptions& options = {});

struct StartOptions {
  double noise_multiplier = 1;  // A1111's initial_noise_multiplier, 0..1.5
  double extra_noise = 0;       // img2img_extra_noise, 0..1; pictures only
};
// The x a run begins with. init_latent is empty for text to image.
Vec start(const SamplingPlan& plan, const Vec& init_latent, const Vec& noise,
          const StartOptions& options = {});

// The network's guided raw output (epsilon or v) for a scaled input at a training timestep
// (fractional between table entries). One call = one step of the prompt's schedule.
using Network = std::function<Vec(const Vec& input, double timestep)>;

struct RunInputs {
  Network network;
  Prediction prediction = Prediction::Epsilon;
  SamplerOptions options;
  std::optional<LatentMask> mask;  // applied to x0 after every call by sigma samplers, to x before
                                   // it by timestep-based ones, as A1111 does, and at the end
  StepCallback on_step;            // may be empty
};
// x -> the denoised latent. `noise` must have given its first() to start().
Vec run(const SamplingPlan& plan, const NoiseTable& table, Vec x, ImageNoise& noise,
        const RunInputs& in);

}  // namespace pentimento
