// Every solver, for the table in sampler.cpp. All have the signature of SamplerInfo::Solve or
// SolveTimesteps; options.eta is filled in when they are called.
#pragma once

#include "samplers/sampler.h"

namespace pentimento {

Vec sample_euler(Vec x, std::span<const double> sigmas, const SamplerInputs& in);
Vec sample_euler_ancestral(Vec x, std::span<const double> sigmas, const SamplerInputs& in);
Vec sample_heun(Vec x, std::span<const double> sigmas, const SamplerInputs& in);
Vec sample_lms(Vec x, std::span<const double> sigmas, const SamplerInputs& in);
Vec sample_dpm2(Vec x, std::span<const double> sigmas, const SamplerInputs& in);
Vec sample_dpm2_ancestral(Vec x, std::span<const double> sigmas, const SamplerInputs& in);
Vec sample_dpmpp_2m(Vec x, std::span<const double> sigmas, const SamplerInputs& in);
Vec sample_dpmpp_2s_ancestral(Vec x, std::span<const double> sigmas, const SamplerInputs& in);
Vec sample_dpmpp_sde(Vec x, std::span<const double> sigmas, const SamplerInputs& in);
Vec sample_dpmpp_2m_sde(Vec x, std::span<const double> sigmas, const SamplerInputs& in);
Vec sample_dpmpp_2m_sde_heun(Vec x, std::span<const double> sigmas, const SamplerInputs& in);
Vec sample_dpmpp_3m_sde(Vec x, std::span<const double> sigmas, const SamplerInputs& in);
Vec sample_restart(Vec x, std::span<const double> sigmas, const SamplerInputs& in);
Vec sample_lcm(Vec x, std::span<const double> sigmas, const SamplerInputs& in);
Vec sample_tcd(Vec x, std::span<const double> sigmas, const SamplerInputs& in);

// The sampler's own eta where none is given, and no option it does not know.
SamplerOptions resolve_options(const SamplerInfo& sampler, SamplerOptions options);

// The steps a Restart run makes of a schedule, its ways back up between them.
struct RestartInterval {
  double from, to;
};
std::vector<RestartInterval> restart_intervals(std::span<const double> sigmas);
int count_restart_calls(std::span<const double> sigmas);

// The schedule TCD was distilled on, thinned to `steps` <= 50: every 20th timestep from 999 down.
std::vector<double> tcd_schedule(int steps, const NoiseTable& table);

// DPM fast and DPM adaptive divide [sigma_min, sigma_max] themselves; sample() gives them the range
// of its schedule, sample_range() any. `evaluations`: model calls that DPM fast spends.
bool divides_its_own_range(const SamplerInfo& sampler);
// Throws InvalidArgument unless 0 < sigma_min < sigma_max.
void check_sigma_range(const std::string& sampler, double sigma_min, double sigma_max);
Vec sample_range(const SamplerInfo& sampler, Vec x, double sigma_min, double sigma_max,
                 int evaluations, const SamplerInputs& in);
Vec sample_dpm_fast(Vec x, double sigma_min, double sigma_max, int evaluations,
                    const SamplerInputs& in);
Vec sample_dpm_adaptive(Vec x, double sigma_min, double sigma_max, const SamplerInputs& in);
Vec sample_dpm_fast(Vec x, std::span<const double> sigmas, const SamplerInputs& in);
Vec sample_dpm_adaptive(Vec x, std::span<const double> sigmas, const SamplerInputs& in);

Vec sample_ddim(Vec x, std::span<const int> timesteps, const NoiseTable& table,
                const TimestepInputs& in);
Vec sample_plms(Vec x, std::span<const int> timesteps, const NoiseTable& table,
                const TimestepInputs& in);
Vec sample_unipc(Vec x, std::span<const int> timesteps, const NoiseTable& table,
                 const TimestepInputs& in);

}  // namespace pentimento
