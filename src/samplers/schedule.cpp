// The schedules, computed in float32 where PyTorch does (see NoiseTable for why that matters).
#include "samplers/schedule.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "samplers/beta_distribution.h"
#include "samplers/names.h"

namespace pentimento {
namespace {

using Sigmas = std::vector<double>;

struct Range {
  double min, max;
};

// torch.linspace in float32: counted from whichever end is nearer.
std::vector<float> linspace(float start, float end, int n) {
  std::vector<float> values(static_cast<size_t>(n), start);
  if (n == 1) return values;
  const float step = (end - start) / static_cast<float>(n - 1);
  for (int i = 0; i < n; ++i)
    values[i] = i < n / 2 ? start + step * static_cast<float>(i)
                          : end - step * static_cast<float>(n - 1 - i);
  return values;
}

float exp_float(float x) { return static_cast<float>(std::exp(double{x})); }
float pow_float(float x, double power) { return static_cast<float>(std::pow(double{x}, power)); }

Sigmas from_timesteps(const std::vector<float>& timesteps, const NoiseTable& table) {
  Sigmas sigmas;
  for (float t : timesteps) sigmas.push_back(table.sigma_of(t));
  return sigmas;
}

float first_timestep(const NoiseTable& table) {
  return static_cast<float>(table.timestep_of(table.sigma_min()));
}
float last_timestep(const NoiseTable& table) {
  return static_cast<float>(table.timestep_of(table.sigma_max()));
}

Sigmas uniform(int n, const NoiseTable& table) {
  return from_timesteps(linspace(last_timestep(table), first_timestep(table), n), table);
}

Sigmas exponential(int n, Range range) {
  Sigmas sigmas;
  for (float log_sigma : linspace(static_cast<float>(std::log(range.max)),
                                  static_cast<float>(std::log(range.min)), n))
    sigmas.push_back(exp_float(log_sigma));
  return sigmas;
}

Sigmas polyexponential(int n, Range range, double rho) {
  const double low = std::log(range.min), high = std::log(range.max);
  Sigmas sigmas;
  for (float ramp : linspace(1, 0, n)) {
    const float log_sigma = pow_float(ramp, rho) * static_cast<float>(high - low);
    sigmas.push_back(exp_float(log_sigma + static_cast<float>(low)));
  }
  return sigmas;
}

Sigmas between_timesteps(int n, Range range, const NoiseTable& table, int spare) {
  auto timesteps = linspace(static_cast<float>(table.timestep_of(range.max)),
                            static_cast<float>(table.timestep_of(range.min)), n + spare);
  timesteps.resize(static_cast<size_t>(n));
  return from_timesteps(timesteps, table);
}

// Minimises the KL divergence bound of Align Your Steps for a Gaussian: the arc tangents are
// evenly spaced (https://arxiv.org/abs/2404.14507, theorem 3.1). n + 1 values, the last sigma_min.
Sigmas kl_optimal(int n, Range range) {
  const float low = static_cast<float>(std::atan(double{static_cast<float>(range.min)}));
  const float high = static_cast<float>(std::atan(double{static_cast<float>(range.max)}));
  Sigmas sigmas;
  for (int i = 0; i <= n; ++i) {
    const float share = static_cast<float>(i) / static_cast<float>(n);
    const float angle = share * low + (1.0f - share) * high;
    sigmas.push_back(static_cast<float>(std::tan(double{angle})));
  }
  return sigmas;
}

// Knots of https://research.nvidia.com/labs/toronto-ai/AlignYourSteps/howto.html, log-linear
// between them.
Sigmas align_your_steps(int n, bool sdxl) {
  constexpr int kKnots = 11;
  constexpr double kSd1[kKnots] = {14.615, 6.475, 3.861, 2.697, 1.886, 1.396,
                                   0.963,  0.652, 0.399, 0.152, 0.029};
  constexpr double kSdxl[kKnots] = {14.615, 6.315, 3.771, 2.181, 1.342, 0.862,
                                    0.555,  0.380, 0.234, 0.113, 0.029};
  const double(&knots)[kKnots] = sdxl ? kSdxl : kSd1;
  Sigmas sigmas;
  for (int i = 0; i < n; ++i) {
    // Counted from the small end, as the published code does: one step alone gets the last knot.
    const double at = n == 1 ? kKnots - 1 : (kKnots - 1) * (double(i) / (n - 1));
    const int knot = std::min(static_cast<int>(at), kKnots - 2);
    const double low = std::log(knots[knot]), high = std::log(knots[knot + 1]);
    sigmas.push_back(static_cast<float>(std::exp(low + (at - knot) * (high - low))));
  }
  return sigmas;
}

Sigmas simple(int n, const NoiseTable& table) {
  const auto all = table.sigmas();
  const double stride = static_cast<double>(all.size()) / n;
  Sigmas sigmas;
  for (int i = 0; i < n; ++i)
    sigmas.push_back(all[all.size() - 1 - static_cast<size_t>(i * stride)]);
  return sigmas;
}

Sigmas ddim(int n, const NoiseTable& table) {
  const auto all = table.sigmas();
  const size_t stride = std::max<size_t>(all.size() / static_cast<size_t>(n), 1);
  Sigmas sigmas;
  for (size_t i = 1; i < all.size(); i += stride) sigmas.push_back(all[i]);
  std::reverse(sigmas.begin(), sigmas.end());
  return sigmas;
}

// "Beta Sampling is All You Need" (https://arxiv.org/abs/2407.12173), with A1111's reading: the
// quantiles are taken linearly in sigma.
Sigmas beta(int n, Range range, double a, double b) {
  Sigmas sigmas;
  for (int i = 0; i < n; ++i) {
    const double p = n == 1 ? 1.0 : 1.0 - static_cast<double>(i) / (n - 1);
    sigmas.push_back(
        static_cast<float>(range.min + beta_quantile(p, a, b) * (range.max - range.min)));
  }
  return sigmas;
}

void check(int steps, Range range, const ScheduleOptions& options) {
  const auto refuse = [](const std::string& message) {
    throw Error(ErrorKind::InvalidArgument, message);
  };
  if (steps < 1) refuse("steps is " + std::to_string(steps) + ", expected 1 or more");
  if (!(range.min > 0 && range.min < range.max && std::isfinite(range.max)))
    refuse("the schedule runs from sigma " + std::to_string(range.max) + " down to " +
           std::to_string(range.min) + ", expected sigma_max > sigma_min > 0");
  if (!(options.rho >= 0 && options.rho <= 100))
    refuse("rho is " + std::to_string(options.rho) + ", expected 0 (default) to 100");
  const auto shape = [](double v) { return v > 0 && v <= 100; };
  if (!shape(options.beta_alpha) || !shape(options.beta_beta))
    refuse("the beta schedule's alpha and beta are " + std::to_string(options.beta_alpha) +
           " and " + std::to_string(options.beta_beta) + ", expected more than 0, up to 100");
}

}  // namespace

std::span<const SchedulerInfo> schedulers() {
  static const std::vector<SchedulerInfo> kSchedulers = {
      {.name = "automatic", .label = "Automatic"},
      {.name = "uniform", .label = "Uniform", .need_inner_model = true},
      {.name = "karras", .label = "Karras", .default_rho = 7},
      {.name = "exponential", .label = "Exponential"},
      {.name = "polyexponential", .label = "Polyexponential", .default_rho = 1},
      {.name = "sgm_uniform",
       .label = "SGM Uniform",
       .need_inner_model = true,
       .aliases = {"SGMUniform"}},
      {.name = "kl_optimal", .label = "KL Optimal"},
      {.name = "align_your_steps", .label = "Align Your Steps"},
      {.name = "simple", .label = "Simple", .need_inner_model = true},
      {.name = "normal", .label = "Normal", .need_inner_model = true},
      {.name = "ddim", .label = "DDIM", .need_inner_model = true},
      {.name = "beta", .label = "Beta", .need_inner_model = true},
  };
  return kSchedulers;
}

const SchedulerInfo& find_scheduler(std::string_view name_or_label) {
  if (name_or_label.empty()) return schedulers().front();
  std::vector<std::string> labels;
  for (const SchedulerInfo& info : schedulers()) {
    if (same_name(name_or_label, info.name) || same_name(name_or_label, info.label)) return info;
    for (const std::string& alias : info.aliases)
      if (same_name(name_or_label, alias)) return info;
    labels.push_back(info.label);
  }
  throw Error(ErrorKind::NotFound, unknown_name("scheduler", name_or_label, labels));
}

std::vector<double> make_schedule(std::string_view scheduler, int steps, const NoiseTable& table,
                                  const ScheduleOptions& options) {
  const SchedulerInfo& info = find_scheduler(scheduler);
  const Range range{options.sigma_min != 0 ? options.sigma_min : table.sigma_min(),
                    options.sigma_max != 0 ? options.sigma_max : table.sigma_max()};
  check(steps, range, options);
  const double rho = options.rho != 0 ? options.rho : info.default_rho;
  if (info.name == "kl_optimal") return kl_optimal(steps, range);
  if (info.name == "karras") return karras_schedule(steps, range.min, range.max, rho);

  Sigmas sigmas;
  if (info.name == "exponential")
    sigmas = exponential(steps, range);
  else if (info.name == "polyexponential")
    sigmas = polyexponential(steps, range, rho);
  else if (info.name == "sgm_uniform")
    sigmas = between_timesteps(steps, range, table, /*spare=*/1);
  else if (info.name == "normal")
    sigmas = between_timesteps(steps, range, table, /*spare=*/0);
  else if (info.name == "align_your_steps")
    sigmas = align_your_steps(steps, options.sdxl);
  else if (info.name == "simple")
    sigmas = simple(steps, table);
  else if (info.name == "ddim")
    sigmas = ddim(steps, table);
  else if (info.name == "beta")
    sigmas = beta(steps, range, options.beta_alpha, options.beta_beta);
  else
    sigmas = uniform(steps, table);
  sigmas.push_back(0);
  return sigmas;
}

std::vector<double> karras_schedule(int steps, double sigma_min, double sigma_max, double rho) {
  const double low = std::pow(sigma_min, 1 / rho), high = std::pow(sigma_max, 1 / rho);
  Sigmas sigmas;
  for (float ramp : linspace(0, 1, steps)) {
    const float root = static_cast<float>(high) + ramp * static_cast<float>(low - high);
    sigmas.push_back(pow_float(root, rho));
  }
  sigmas.push_back(0);
  return sigmas;
}

std::vector<int> make_timesteps(int steps, const NoiseTable& table) {
  const int size = static_cast<int>(table.sigmas().size());
  if (steps < 1 || steps > size)
    throw Error(ErrorKind::InvalidArgument,
                "a schedule of " + std::to_string(steps) + " timesteps, expected 1 to " +
                    std::to_string(size) + ", the number the model was trained on");
  std::vector<int> timesteps;
  for (int t = 0; t < size; t += size / steps) timesteps.push_back(std::min(t + 1, size - 1));
  return timesteps;
}

StepPlan img2img_steps(int steps, double strength, bool fix_steps) {
  constexpr int kMost = 200000;
  if (steps < 1 || steps > kMost)
    throw Error(ErrorKind::InvalidArgument,
                "steps is " + std::to_string(steps) + ", expected 1 to " + std::to_string(kMost));
  if (!(strength >= 0 && strength <= 1))
    throw Error(ErrorKind::InvalidArgument,
                "strength is " + std::to_string(strength) + ", expected 0 to 1");
  const double share = std::min(strength, 0.999);
  if (!fix_steps) return {steps, static_cast<int>(share * steps)};
  if (share == 0) return {0, steps - 1};
  const double length = steps / share;
  if (length > kMost)
    throw Error(ErrorKind::InvalidArgument, "exactly " + std::to_string(steps) +
                                                " steps at strength " + std::to_string(strength) +
                                                " need a schedule of more than " +
                                                std::to_string(kMost) + "; raise the strength");
  return {static_cast<int>(length), steps - 1};
}

}  // namespace pentimento
