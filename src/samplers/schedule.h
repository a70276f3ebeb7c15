// Noise schedules: the model's 1000-step table and the ways of choosing steps from it, with
// AUTOMATIC1111's names and k-diffusion's arithmetic (webui-spec §1.5, §7.3, §7.4).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pentimento {

// The training schedule of a model, sigma_t = sqrt((1 - acp_t) / acp_t), rising with t.
// Values are those of a float32 table, as every PyTorch program keeps it: the sixth decimal of a
// sigma selects the Brownian noise, so it is worth having.
class NoiseTable {
 public:
  // beta_schedule: "scaled_linear" (Stable Diffusion) or "linear"; 0 < beta_start <= beta_end < 1;
  // timesteps 2..100000. zero_terminal_snr: rescaled so that the last step is all but pure noise
  // (https://arxiv.org/abs/2305.08891). Throws InvalidArgument, Unsupported.
  NoiseTable(double beta_start, double beta_end, std::string_view beta_schedule, int timesteps,
             bool zero_terminal_snr);

  // Every (size / original_steps)-th entry, counted from the end: what LCM was distilled on.
  NoiseTable distilled(int original_steps) const;

  double sigma_min() const { return sigmas_.front(); }
  double sigma_max() const { return sigmas_.back(); }
  double sigma_of(double timestep) const;  // linear in log sigma between neighbours
  double timestep_of(double sigma) const;  // fractional, as A1111 passes it to the network;
                                           // a distilled table answers with the nearest entry
  std::span<const double> sigmas() const { return sigmas_; }
  std::span<const double> alphas_cumprod() const { return alphas_cumprod_; }

 private:
  NoiseTable() = default;
  void set_alphas_cumprod(std::vector<float> alphas_cumprod);

  std::vector<double> alphas_cumprod_, sigmas_, log_sigmas_;
  int stride_ = 1;  // timesteps per entry
};

struct SchedulerInfo {
  std::string name, label;  // "karras", "Karras"
  double default_rho = -1;
  bool need_inner_model = false;
  std::vector<std::string> aliases = {};
};
std::span<const SchedulerInfo> schedulers();  // A1111 1.10's order
// By name, label or alias, in any case; "" is Automatic. Throws NotFound that lists close names.
const SchedulerInfo& find_scheduler(std::string_view name_or_label);

struct ScheduleOptions {
  double sigma_min = 0, sigma_max = 0, rho = 0;  // 0: the schedule's own
  double beta_alpha = 0.6, beta_beta = 0.6;
  bool sdxl = false;  // Align Your Steps has a table for each family
};

// Noise levels for `steps` >= 1 solver steps, descending: steps + 1 values that end in 0, except
// kl_optimal (ends at sigma_min) and ddim (may hold more). Throws NotFound, InvalidArgument.
std::vector<double> make_schedule(std::string_view scheduler, int steps, const NoiseTable& table,
                                  const ScheduleOptions& options = {});

// Karras et al. 2022, equation 5, without a model: `steps` levels from sigma_max to sigma_min, and
// 0.
std::vector<double> karras_schedule(int steps, double sigma_min, double sigma_max, double rho = 7);

// What DDIM, PLMS and UniPC run over instead: ascending timesteps 1, 1 + k, 1 + 2k, …, k = table
// size / steps rounded down, so there may be more than `steps` of them. steps 1..table size.
// Throws InvalidArgument.
std::vector<int> make_timesteps(int steps, const NoiseTable& table);

// A1111's img2img step rule. t_enc + 1 model evaluations of a first-order sampler.
struct StepPlan {
  int steps = 0;  // schedule length
  int t_enc = 0;  // index counted from the end at which the run starts
};
// steps >= 1, strength 0..1. fix_steps: exactly `steps` evaluations, on a longer schedule; with
// strength 0 that schedule does not exist and {0, steps - 1} is returned. Throws InvalidArgument.
StepPlan img2img_steps(int steps, double strength, bool fix_steps);

}  // namespace pentimento
