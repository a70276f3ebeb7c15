// Noise schedules: the model's 1000-step table and the ways of choosing steps from it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pentimento {

// The training schedule of a model, sigma_t = sqrt((1 - acp_t) / acp_t).
class NoiseTable {
 public:
  NoiseTable(double beta_start, double beta_end, std::string_view beta_schedule, int timesteps,
             bool zero_terminal_snr);
  double sigma_min() const;
  double sigma_max() const;
  double sigma_of(double timestep) const;     // linear in log sigma between neighbours
  double timestep_of(double sigma) const;     // fractional, as A1111 passes it to the network
  std::span<const double> sigmas() const;
  std::span<const double> alphas_cumprod() const;
};

struct SchedulerInfo {
  std::string name, label;                    // "karras", "Karras"
  double default_rho = -1;
  bool need_inner_model = false;
};
std::span<const SchedulerInfo> schedulers();  // A1111 1.10's order
const SchedulerInfo& find_scheduler(std::string_view name_or_label);

struct ScheduleOptions {
  double sigma_min = 0, sigma_max = 0, rho = 0;  // 0: the schedule's own
  double beta_alpha = 0.6, beta_beta = 0.6;
  bool sdxl = false;                          // Align Your Steps has a table for each family
};

// `steps`+1 values ending in 0 (some schedules differ, see webui: kl_optimal, ddim).
std::vector<double> make_schedule(std::string_view scheduler, int steps, const NoiseTable& table,
                                  const ScheduleOptions& options = {});

// A1111's img2img step rule. t_enc + 1 model evaluations of a first-order sampler.
struct StepPlan {
  int steps = 0;    // schedule length
  int t_enc = 0;    // index counted from the end at which the run starts
};
StepPlan img2img_steps(int steps, double strength, bool fix_steps);

}  // namespace pentimento
