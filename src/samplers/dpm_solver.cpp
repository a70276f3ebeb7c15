// DPM-Solver (https://arxiv.org/abs/2206.00927): "DPM fast" spends a number of model calls on steps
// of orders 3, 2 and 1; "DPM adaptive" compares orders 2 and 3 and chooses its own step sizes.
// Symbols: t = -ln sigma, h a step in t, e(x, t) = (x - x0) / sigma, r1, r2 inner points.
//   order 1:  x - sigma(t+h) expm1(h) e
//   order 2:  … - sigma(t+h) expm1(h) / (2 r1) (e_1 - e),           e_1 at t + r1 h
//   order 3:  … - sigma(t+h) (expm1(h)/h - 1) / r2 (e_2 - e),       e_2 at t + r2 h
// With eta > 0 a step goes on to a lower noise level, t_down > t, and adds noise back up.
// Limitations: both ignore the schedule but for its range; adaptive's model calls (three a trial)
// are not known before it ends.
#include <algorithm>
#include <numbers>
#include <numeric>
#include <optional>
#include <string>

#include "base/error.h"
#include "samplers/ancestral.h"
#include "samplers/solvers.h"

namespace pentimento {
namespace {

double time_of(double sigma) { return -std::log(sigma); }
double sigma_of(double t) { return std::exp(-t); }

// The model's answers within one step, shared by the orders that are compared.
class Step {
 public:
  Step(const Denoiser& denoise, const Vec& x, double t)
      : denoise_(denoise),
        x_(x),
        t_(t),
        x0_(denoise(x, sigma_of(t))),
        e_(slope(x, x0_, sigma_of(t))) {}

  const Vec& denoised() const { return x0_; }

  Vec first_order(double t_next) const {
    return sum({{1, x_}, {-sigma_of(t_next) * std::expm1(t_next - t_), e_}});
  }

  Vec second_order(double t_next, double r1) {
    const double h = t_next - t_, gain = sigma_of(t_next) * std::expm1(h);
    const Slope& e1 = inner(h, r1);
    return sum({{1, x_}, {-gain + gain / (2 * r1), e_}, {-gain / (2 * r1), e1}});
  }

  Vec third_order(double t_next) {
    constexpr double r1 = 1.0 / 3, r2 = 2.0 / 3;
    const double h = t_next - t_, s2 = t_ + r2 * h;
    const Slope& e1 = inner(h, r1);
    const double a = sigma_of(s2) * std::expm1(r2 * h);
    const double b = sigma_of(s2) * (r2 / r1) * (std::expm1(r2 * h) / (r2 * h) - 1);
    const Vec u2 = sum({{1, x_}, {b - a, e_}, {-b, e1}});
    const Slope e2 = slope(u2, denoise_(u2, sigma_of(s2)), sigma_of(s2));
    const double c = sigma_of(t_next) * std::expm1(h);
    const double d = sigma_of(t_next) / r2 * (std::expm1(h) / h - 1);
    return sum({{1, x_}, {d - c, e_}, {-d, e2}});
  }

 private:
  // e at t + r1 h, after a first-order step there.
  const Slope& inner(double h, double r1) {
    if (!e1_) {
      const double s1 = t_ + r1 * h;
      const Vec u1 = sum({{1, x_}, {-sigma_of(s1) * std::expm1(r1 * h), e_}});
      e1_ = slope(u1, denoise_(u1, sigma_of(s1)), sigma_of(s1));
    }
    return *e1_;
  }

  const Denoiser& denoise_;
  const Vec& x_;
  double t_;
  Vec x0_;
  Slope e_;
  std::optional<Slope> e1_;
};

// Where a step to t_next really solves to, and the noise that brings it back.
struct NoisyStep {
  double t_down, up;
};
NoisyStep noisy_step(double t, double t_next, double t_end, double eta) {
  if (eta == 0) return {t_next, 0};
  const AncestralStep level = ancestral_step(sigma_of(t), sigma_of(t_next), eta);
  const double t_down = std::min(t_end, time_of(level.down));
  return {t_down, std::sqrt(std::max(square(sigma_of(t_next)) - square(sigma_of(t_down)), 0.0))};
}

// Weighted root mean square of the difference of the two orders; 1 is what is tolerated.
double error_of(const Vec& low, const Vec& high, const Vec& previous) {
  constexpr double kAbsolute = 0.0078, kRelative = 0.05;
  double total = 0;
  for (size_t i = 0; i < low.size(); ++i) {
    const double size = std::max(std::abs(double{low[i]}), std::abs(double{previous[i]}));
    total += square((double{low[i]} - high[i]) / std::max(kAbsolute, kRelative * size));
  }
  return std::sqrt(total / static_cast<double>(low.size()));
}

}  // namespace

bool divides_its_own_range(const SamplerInfo& sampler) {
  return sampler.name == "DPM fast" || sampler.name == "DPM adaptive";
}

void check_sigma_range(const std::string& sampler, double sigma_min, double sigma_max) {
  if (sigma_min > 0 && sigma_max > sigma_min) return;
  throw Error(ErrorKind::InvalidArgument, sampler + " needs a range of noise levels, found sigma " +
                                              std::to_string(sigma_max) + " down to " +
                                              std::to_string(sigma_min) +
                                              "; raise the strength or the number of steps");
}

Vec sample_dpm_fast(Vec x, double sigma_min, double sigma_max, int evaluations,
                    const SamplerInputs& in) {
  check_sigma_range("DPM fast", sigma_min, sigma_max);
  const double t_start = time_of(sigma_max), t_end = time_of(sigma_min);
  const int m = evaluations / 3 + 1;
  std::vector<int> orders(static_cast<size_t>(m), 3);
  if (evaluations % 3 == 0) {
    orders[m - 2] = 2;
    orders[m - 1] = 1;
  } else {
    orders[m - 1] = evaluations % 3;
  }
  for (int i = 0; i < m; ++i) {
    const double t = std::lerp(t_start, t_end, double(i) / m);
    const double t_next = std::lerp(t_start, t_end, double(i + 1) / m);
    const NoisyStep level = noisy_step(t, t_next, t_end, *in.options.eta);
    Step step(in.denoise, x, t);
    Vec next = orders[i] == 1   ? step.first_order(level.t_down)
               : orders[i] == 2 ? step.second_order(level.t_down, 0.5)
                                : step.third_order(level.t_down);
    if (*in.options.eta != 0) next = sum({{1, next}, {in.options.s_noise * level.up, in.noise()}});
    report(in.on_step, i + 1, orders.size(), step.denoised());
    x = std::move(next);
  }
  return x;
}

Vec sample_dpm_adaptive(Vec x, double sigma_min, double sigma_max, const SamplerInputs& in) {
  check_sigma_range("DPM adaptive", sigma_min, sigma_max);
  constexpr double kFirstStep = 0.05, kAccept = 0.81, kClose = 1e-5, kTiny = 1e-8;
  const double eta = *in.options.eta, order = eta != 0 ? 1.5 : 3;
  const double t_end = time_of(sigma_min);
  double t = time_of(sigma_max), h = kFirstStep;
  Vec previous = x;
  for (size_t trial = 1; t < t_end - kClose; ++trial) {
    const double t_next = std::min(t_end, t + h);
    const NoisyStep level = noisy_step(t, t_next, t_end, eta);
    Step step(in.denoise, x, t);
    Vec low = step.second_order(level.t_down, 1.0 / 3), high = step.third_order(level.t_down);
    const double error = error_of(low, high, previous);
    if (!std::isfinite(error))
      throw Error(ErrorKind::Internal,
                  "DPM adaptive cannot go on: the network's output is not a finite number");
    // Integral control of the step size, its factor kept in (0.2, 2.6) by an arc tangent.
    const double factor = 1 + std::atan(std::pow(1 / (error + kTiny), 1 / order) - 1);
    h *= factor;
    if (factor >= kAccept) {
      previous = std::move(low);
      Vec next = eta != 0 ? sum({{1, high}, {in.options.s_noise * level.up, in.noise()}}) : high;
      report(in.on_step, trial, 0, step.denoised());
      x = std::move(next);
      t = t_next;
    } else {
      report(in.on_step, trial, 0, step.denoised());
    }
  }
  return x;
}

Vec sample_range(const SamplerInfo& sampler, Vec x, double sigma_min, double sigma_max,
                 int evaluations, const SamplerInputs& in) {
  SamplerInputs inputs = in;
  inputs.options = resolve_options(sampler, in.options);
  if (sampler.name == "DPM fast")
    return sample_dpm_fast(std::move(x), sigma_min, sigma_max, evaluations, inputs);
  return sample_dpm_adaptive(std::move(x), sigma_min, sigma_max, inputs);
}

Vec sample_dpm_fast(Vec x, std::span<const double> sigmas, const SamplerInputs& in) {
  return sample_dpm_fast(std::move(x), sigmas[sigmas.size() - 2], sigmas[0],
                         static_cast<int>(sigmas.size()) - 1, in);
}

Vec sample_dpm_adaptive(Vec x, std::span<const double> sigmas, const SamplerInputs& in) {
  return sample_dpm_adaptive(std::move(x), sigmas[sigmas.size() - 2], sigmas[0], in);
}

}  // namespace pentimento
