#include "samplers/sampling_plan.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "samplers/brownian_tree.h"
#include "samplers/solvers.h"
#include "samplers/vec_ops.h"

namespace pentimento {
namespace {

constexpr int kLcmSteps = 50;  // that latent consistency models were distilled from

// The table whose entries the sampler's noise levels are counted in.
NoiseTable table_of(const SamplerInfo& sampler, const NoiseTable& table) {
  if (!sampler.lcm) return table;
  return table.distilled(std::min(kLcmSteps, static_cast<int>(table.sigmas().size())));
}

// Every noise level of the schedule, before strength cuts it.
std::vector<double> whole_schedule(const SamplerChoice& choice, int steps, const NoiseTable& table,
                                   const PlanOptions& options) {
  const SamplerInfo& sampler = *choice.sampler;
  const bool discard = sampler.discard_penultimate || options.discard_penultimate;
  const int levels = steps + (discard ? 1 : 0);
  const SchedulerInfo& scheduler = effective_scheduler(choice);
  const bool own = sampler.solve == sample_tcd && scheduler.name == "automatic";
  auto sigmas =
      own ? tcd_schedule(levels, table)
          : make_schedule(scheduler.name, levels, table_of(sampler, table), options.schedule);
  if (discard) sigmas.erase(sigmas.end() - 2);
  return sigmas;
}

void plan_sigmas(SamplingPlan& plan, const SamplerChoice& choice, const StepPlan& length,
                 const NoiseTable& table, const PlanOptions& options) {
  const auto all = whole_schedule(choice, length.steps, table, options);
  const size_t skipped = static_cast<size_t>(length.steps - length.t_enc - 1);
  if (skipped + 2 > all.size())
    throw Error(ErrorKind::InvalidArgument,
                effective_scheduler(choice).label + " has only " + std::to_string(all.size() - 1) +
                    " noise levels for a schedule of " + std::to_string(length.steps) +
                    " steps, which leaves none to run; take fewer steps or another schedule");
  plan.sigmas.assign(all.begin() + static_cast<std::ptrdiff_t>(skipped), all.end());
  plan.brownian_max = all.front();
  plan.brownian_min = *std::find_if(all.rbegin(), all.rend(), [](double s) { return s > 0; });

  const double first = plan.sigmas.front();
  const bool sgm = options.sgm_noise_multiplier && !plan.from_picture;
  plan.start_image = plan.from_picture ? 1 : 0;
  plan.start_noise = sgm ? std::sqrt(square(first) + 1) : first;
  plan.steps = static_cast<int>(plan.sigmas.size()) - 1;
  plan.scheduler = effective_scheduler(choice).label;

  if (divides_its_own_range(*plan.sampler)) {
    plan.sigma_min = plan.from_picture ? plan.sigmas[plan.sigmas.size() - 2] : table.sigma_min();
    plan.sigma_max = plan.from_picture ? first : table.sigma_max();
    check_sigma_range(plan.sampler->name, plan.sigma_min, plan.sigma_max);
    plan.evaluations = plan.steps;
  }
  if (plan.sampler->count_calls) {
    plan.model_calls = plan.sampler->count_calls(plan.sigmas);
  } else {  // three calls a trial, and some three trials for each factor e of noise
    plan.model_calls_exact = false;
    plan.model_calls =
        3 * static_cast<int>(std::ceil(3 * std::log(plan.sigma_max / plan.sigma_min)));
  }
}

void plan_timesteps(SamplingPlan& plan, const StepPlan& length, const NoiseTable& table,
                    const PlanOptions& options) {
  const int levels = length.steps + (options.discard_penultimate ? 1 : 0);
  plan.timesteps = make_timesteps(levels, table);
  plan.start_image = 0;
  plan.start_noise = 1;
  if (plan.from_picture) {
    const double acp = table.alphas_cumprod()[plan.timesteps[static_cast<size_t>(length.t_enc)]];
    plan.start_image = std::sqrt(acp);
    plan.start_noise = std::sqrt(1 - acp);
    plan.timesteps.resize(static_cast<size_t>(length.t_enc));
  }
  for (auto t = plan.timesteps.rbegin(); t != plan.timesteps.rend(); ++t)
    plan.sigmas.push_back(table.sigmas()[static_cast<size_t>(*t)]);

  const int count = static_cast<int>(plan.timesteps.size());
  const bool unipc = plan.sampler->solve_timesteps == sample_unipc;
  const bool plms = plan.sampler->solve_timesteps == sample_plms;
  plan.steps = unipc ? count : std::max(count - 1, 0);
  plan.model_calls = plan.steps + (plms && plan.steps > 0 ? 1 : 0);
}

// Timesteps fall from the first one that runs to 0: how much of the way is left at `timestep`.
double share_left(double timestep, double first) {
  return first > 0 ? std::clamp(timestep / first, 0.0, 1.0) : 0.0;
}

void check_sizes(const Vec& x, int64_t size, const std::optional<LatentMask>& mask) {
  const size_t n = static_cast<size_t>(size);
  if (x.size() == n && (!mask || (mask->repaint.size() == n && mask->init_latent.size() == n)))
    return;
  throw Error(ErrorKind::Internal, "a latent of " + std::to_string(x.size()) +
                                       " values does not fit its noise or mask of " +
                                       std::to_string(size));
}

Vec call(const Network& network, const Vec& input, double timestep) {
  Vec output = network(input, timestep);
  if (output.size() != input.size())
    throw Error(ErrorKind::Internal, "the network returned " + std::to_string(output.size()) +
                                         " values for a latent of " + std::to_string(input.size()));
  return output;
}

Vec run_sigmas(const SamplingPlan& plan, const NoiseTable& table, Vec x, ImageNoise& noise,
               const RunInputs& in) {
  const SamplerInfo& sampler = *plan.sampler;
  const NoiseTable times = table_of(sampler, table);
  SamplerInputs inputs{.noise = [&] { return noise.next(); },
                       .on_step = in.on_step,
                       .options = in.options,
                       .table = &table};
  const double first = times.timestep_of(plan.sigmas.front());
  inputs.denoise = [&](const Vec& at, double sigma) {
    const double t = times.timestep_of(sigma);
    const Vec output = call(in.network, sum({{input_scale(sigma), at}}), t);
    Vec x0 = denoised_from_output(in.prediction, at, output, sigma);
    if (sampler.lcm) x0 = lcm_denoised(at, x0, t);
    if (in.mask) apply_mask(x0, *in.mask, sigma, share_left(t, first));
    return x0;
  };
  std::optional<BrownianTree> tree;
  if (sampler.brownian) {
    tree.emplace(noise.source(), noise.size(), noise.seed(), plan.brownian_min, plan.brownian_max);
    inputs.brownian = [&](double sigma, double next) { return (*tree)(sigma, next); };
  }
  if (!divides_its_own_range(sampler)) return sample(sampler, std::move(x), plan.sigmas, inputs);
  return sample_range(sampler, std::move(x), plan.sigma_min, plan.sigma_max, plan.evaluations,
                      inputs);
}

Vec run_timesteps(const SamplingPlan& plan, const NoiseTable& table, Vec x, ImageNoise& noise,
                  const RunInputs& in) {
  TimestepInputs inputs{.noise = [&] { return noise.next(); },
                        .on_step = in.on_step,
                        .options = in.options,
                        .truncated = plan.from_picture};
  const double first = plan.timesteps.back();
  inputs.epsilon = [&](const Vec& at, double t) {
    Vec z = at;
    const double acp = table.alphas_cumprod()[static_cast<size_t>(t)];  // UniPC's t has fractions
    if (in.mask) apply_mask(z, *in.mask, std::sqrt((1 - acp) / acp), share_left(t, first));
    return epsilon_from_output(in.prediction, z, call(in.network, z, t), acp);
  };
  return sample_timesteps(*plan.sampler, std::move(x), plan.timesteps, table, inputs);
}

}  // namespace

SamplingPlan plan_sampling(const SamplerChoice& choice, int steps, std::optional<double> strength,
                           const NoiseTable& table, const PlanOptions& options) {
  SamplingPlan plan;
  plan.sampler = choice.sampler;
  plan.from_picture = strength.has_value();
  const StepPlan length = strength ? img2img_steps(steps, *strength, options.fix_steps)
                                   : StepPlan{img2img_steps(steps, 1, false).steps, steps - 1};
  plan.schedule_steps = strength == 0.0 ? steps : length.steps;
  plan.prompt_calls = steps * (choice.sampler->second_order ? 2 : 1);
  if (strength == 0.0) return plan;  // nothing runs

  if (choice.sampler->timestep_based)
    plan_timesteps(plan, length, table, options);
  else
    plan_sigmas(plan, choice, length, table, options);
  return plan;
}

Vec start(const SamplingPlan& plan, const Vec& init_latent, const Vec& noise,
          const StartOptions& options) {
  if (!plan.from_picture) return sum({{plan.start_noise, noise}});
  check_sizes(init_latent, static_cast<int64_t>(noise.size()), {});
  const bool idle = plan.sigmas.empty() && plan.start_noise == 0;
  const double extra = idle ? 0 : options.extra_noise * plan.start_image;
  const double amount = options.noise_multiplier * (plan.start_noise + extra);
  return sum({{plan.start_image, init_latent}, {amount, noise}});
}

Vec run(const SamplingPlan& plan, const NoiseTable& table, Vec x, ImageNoise& noise,
        const RunInputs& in) {
  check_sizes(x, noise.size(), in.mask);
  if (!plan.sigmas.empty())
    x = plan.sampler->timestep_based ? run_timesteps(plan, table, std::move(x), noise, in)
                                     : run_sigmas(plan, table, std::move(x), noise, in);
  if (in.mask) apply_mask_at_end(x, *in.mask);
  return x;
}

}  // namespace pentimento
