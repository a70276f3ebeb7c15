// The table of samplers, their names, and the two doors to the solvers.
#include "samplers/sampler.h"

#include <algorithm>

#include "base/error.h"
#include "samplers/names.h"
#include "samplers/solvers.h"

namespace pentimento {
namespace {

int one_call_a_step(std::span<const double> sigmas) { return static_cast<int>(sigmas.size()) - 1; }
int two_calls_a_step(std::span<const double> sigmas) {
  return 2 * one_call_a_step(sigmas) - (sigmas.back() == 0 ? 1 : 0);
}

std::vector<SamplerInfo> make_table() {
  // clang-format off
  std::vector<SamplerInfo> table = {
      {.name = "DPM++ 2M", .aliases = {"k_dpmpp_2m"}, .default_scheduler = "karras",
       .solve = sample_dpmpp_2m},
      {.name = "DPM++ SDE", .aliases = {"k_dpmpp_sde"}, .default_scheduler = "karras",
       .second_order = true, .brownian = true, .uses_s_noise = true, .default_eta = 1,
       .solve = sample_dpmpp_sde},
      {.name = "DPM++ 2M SDE", .aliases = {"k_dpmpp_2m_sde"}, .default_scheduler = "exponential",
       .brownian = true, .uses_s_noise = true, .default_eta = 1, .solve = sample_dpmpp_2m_sde},
      {.name = "DPM++ 2M SDE Heun", .aliases = {"k_dpmpp_2m_sde_heun"},
       .default_scheduler = "exponential", .brownian = true, .uses_s_noise = true,
       .default_eta = 1, .solve = sample_dpmpp_2m_sde_heun},
      {.name = "DPM++ 2S a", .aliases = {"k_dpmpp_2s_a"}, .default_scheduler = "karras",
       .second_order = true, .uses_ensd = true, .uses_s_noise = true, .default_eta = 1,
       .solve = sample_dpmpp_2s_ancestral},
      {.name = "DPM++ 3M SDE", .aliases = {"k_dpmpp_3m_sde"}, .default_scheduler = "exponential",
       .discard_penultimate = true, .brownian = true, .uses_s_noise = true, .default_eta = 1,
       .solve = sample_dpmpp_3m_sde},
      {.name = "Euler a", .aliases = {"k_euler_a", "k_euler_ancestral"}, .uses_ensd = true,
       .default_eta = 1, .solve = sample_euler_ancestral},
      {.name = "Euler", .aliases = {"k_euler"}, .uses_churn = true, .uses_s_noise = true,
       .solve = sample_euler},
      {.name = "LMS", .aliases = {"k_lms"}, .solve = sample_lms},
      {.name = "Heun", .aliases = {"k_heun"}, .second_order = true, .uses_churn = true,
       .uses_s_noise = true, .solve = sample_heun},
      {.name = "DPM2", .aliases = {"k_dpm_2"}, .default_scheduler = "karras",
       .second_order = true, .discard_penultimate = true, .uses_churn = true,
       .uses_s_noise = true, .solve = sample_dpm2},
      {.name = "DPM2 a", .aliases = {"k_dpm_2_a"}, .default_scheduler = "karras",
       .second_order = true, .uses_ensd = true, .discard_penultimate = true,
       .uses_s_noise = true, .default_eta = 1, .solve = sample_dpm2_ancestral},
      {.name = "DPM fast", .aliases = {"k_dpm_fast"}, .uses_ensd = true, .uses_s_noise = true,
       .default_eta = 1, .solve = sample_dpm_fast},
      {.name = "DPM adaptive", .aliases = {"k_dpm_ad"}, .uses_ensd = true, .default_eta = 1,
       .solve = sample_dpm_adaptive},
      {.name = "Restart", .aliases = {"restart"}, .default_scheduler = "karras",
       .second_order = true, .solve = sample_restart, .count_calls = count_restart_calls},
      {.name = "DDIM", .aliases = {"ddim"}, .timestep_based = true, .default_eta = 0,
       .solve_timesteps = sample_ddim},
      {.name = "PLMS", .aliases = {"plms"}, .timestep_based = true,
       .solve_timesteps = sample_plms},
      {.name = "UniPC", .aliases = {"unipc"}, .timestep_based = true,
       .solve_timesteps = sample_unipc},
      {.name = "LCM", .aliases = {"k_lcm"}, .lcm = true, .solve = sample_lcm},
      {.name = "TCD", .aliases = {"tcd"}, .default_eta = 0.3, .solve = sample_tcd},
  };
  // clang-format on
  for (SamplerInfo& info : table)
    if (info.solve && !info.count_calls && info.name != "DPM adaptive")
      info.count_calls = info.second_order ? two_calls_a_step : one_call_a_step;
  return table;
}

const SamplerInfo* find(std::string_view name) {
  for (const SamplerInfo& info : samplers()) {
    if (same_name(name, info.name)) return &info;
    for (const std::string& alias : info.aliases)
      if (same_name(name, alias)) return &info;
  }
  return nullptr;
}

// " Karras" at the end of "DPM++ 2M Karras": how many characters it takes, with its space; else 0.
size_t suffix_of(std::string_view sampler, const SchedulerInfo& scheduler) {
  std::vector<std::string> names{scheduler.label, scheduler.name};
  names.insert(names.end(), scheduler.aliases.begin(), scheduler.aliases.end());
  for (const std::string& name : names)
    if (ends_with_name(sampler, " " + name)) return name.size() + 1;
  return 0;
}

}  // namespace

std::span<const SamplerInfo> samplers() {
  static const std::vector<SamplerInfo> kSamplers = make_table();
  return kSamplers;
}

const SamplerInfo& find_sampler(std::string_view name) {
  if (const SamplerInfo* info = find(name)) return *info;
  std::vector<std::string> names;
  for (const SamplerInfo& info : samplers()) names.push_back(info.name);
  throw Error(ErrorKind::NotFound, unknown_name("sampler", name, names));
}

SamplerChoice resolve_sampler_name(std::string_view sampler, std::string_view scheduler) {
  SamplerChoice choice{&samplers().front(), &find_scheduler(scheduler)};
  for (const SchedulerInfo& info : schedulers())
    if (const size_t length = suffix_of(sampler, info)) {
      sampler.remove_suffix(length);
      choice.scheduler = &info;
    }
  if (!sampler.empty()) choice.sampler = &find_sampler(sampler);
  return choice;
}

const SchedulerInfo& effective_scheduler(const SamplerChoice& choice) {
  const bool automatic = choice.scheduler->name == "automatic";
  return automatic ? find_scheduler(choice.sampler->default_scheduler) : *choice.scheduler;
}

SamplerOptions resolve_options(const SamplerInfo& sampler, SamplerOptions options) {
  if (!sampler.uses_churn) options.s_churn = 0;
  if (!sampler.uses_s_noise) options.s_noise = 1;
  if (!options.eta) options.eta = sampler.default_eta.value_or(0);
  if (!(*options.eta >= 0 && *options.eta <= 1))
    throw Error(ErrorKind::InvalidArgument,
                "eta is " + std::to_string(*options.eta) + ", expected 0 to 1");
  return options;
}

Vec sample(const SamplerInfo& sampler, Vec x, std::span<const double> sigmas,
           const SamplerInputs& in) {
  if (!sampler.solve)
    throw Error(ErrorKind::Internal, sampler.name + " runs over timesteps, not over sigmas");
  if (!in.denoise || (sampler.brownian && !in.brownian) || (sampler.name == "TCD" && !in.table))
    throw Error(ErrorKind::Internal, sampler.name + " was not given all the inputs it needs");
  const bool descending = std::is_sorted(sigmas.rbegin(), sigmas.rend());
  if (sigmas.size() < 2 || !descending || sigmas.back() < 0)
    throw Error(ErrorKind::InvalidArgument,
                "a schedule of " + std::to_string(sigmas.size()) +
                    " noise levels, expected two or more, descending, none negative");
  SamplerInputs inputs = in;
  inputs.options = resolve_options(sampler, in.options);
  return sampler.solve(std::move(x), sigmas, inputs);
}

Vec sample_timesteps(const SamplerInfo& sampler, Vec x, std::span<const int> timesteps,
                     const NoiseTable& table, const TimestepInputs& in) {
  if (!sampler.solve_timesteps)
    throw Error(ErrorKind::Internal, sampler.name + " runs over sigmas, not over timesteps");
  if (!in.epsilon)
    throw Error(ErrorKind::Internal, sampler.name + " was not given all the inputs it needs");
  const int size = static_cast<int>(table.sigmas().size());
  const bool ascending = std::is_sorted(timesteps.begin(), timesteps.end());
  if (!ascending || (!timesteps.empty() && (timesteps.front() < 0 || timesteps.back() >= size)))
    throw Error(ErrorKind::InvalidArgument,
                "timesteps, expected ascending from 0 to " + std::to_string(size - 1));
  TimestepInputs inputs = in;
  inputs.options = resolve_options(sampler, in.options);
  return sampler.solve_timesteps(std::move(x), timesteps, table, inputs);
}

}  // namespace pentimento
