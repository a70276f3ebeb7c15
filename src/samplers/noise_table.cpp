// NoiseTable: alphas_cumprod as LDM registers it (float64 product, float32 buffer), sigmas as
// k-diffusion derives them from it in float32.
#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "samplers/schedule.h"

namespace pentimento {
namespace {

std::string number(double value) {
  std::string text = std::to_string(value);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::vector<float> product_of_alphas(double beta_start, double beta_end, bool scaled, int steps) {
  const double low = scaled ? std::sqrt(beta_start) : beta_start;
  const double high = scaled ? std::sqrt(beta_end) : beta_end;
  std::vector<float> alphas_cumprod(static_cast<size_t>(steps));
  double product = 1;
  for (int t = 0; t < steps; ++t) {
    const double beta = low + (high - low) * t / (steps - 1);
    product *= 1 - (scaled ? beta * beta : beta);
    alphas_cumprod[t] = static_cast<float>(product);
  }
  return alphas_cumprod;
}

// sqrt(acp) shifted so that it ends at 0 and scaled so that it begins where it did. The last value
// is set to a number small enough: a true zero would make sigma infinite.
void rescale_to_zero_terminal_snr(std::vector<float>& alphas_cumprod) {
  const float first = std::sqrt(alphas_cumprod.front());
  const float last = std::sqrt(alphas_cumprod.back());
  const float scale = first / (first - last);
  for (float& value : alphas_cumprod) {
    const float root = (std::sqrt(value) - last) * scale;
    value = root * root;
  }
  alphas_cumprod.back() = 4.8973451890853435e-08f;
}

}  // namespace

NoiseTable::NoiseTable(double beta_start, double beta_end, std::string_view beta_schedule,
                       int timesteps, bool zero_terminal_snr) {
  if (beta_schedule != "scaled_linear" && beta_schedule != "linear")
    throw Error(ErrorKind::Unsupported, "beta_schedule is '" + std::string(beta_schedule) +
                                            "', expected 'scaled_linear' or 'linear'");
  if (!(beta_start > 0 && beta_start <= beta_end && beta_end < 1))
    throw Error(ErrorKind::InvalidArgument, "betas run from " + number(beta_start) + " to " +
                                                number(beta_end) +
                                                ", expected 0 < beta_start <= beta_end < 1");
  if (timesteps < 2 || timesteps > 100000)
    throw Error(ErrorKind::InvalidArgument, "a noise schedule of " + std::to_string(timesteps) +
                                                " timesteps, expected 2 to 100000");
  auto acp = product_of_alphas(beta_start, beta_end, beta_schedule == "scaled_linear", timesteps);
  if (zero_terminal_snr && acp.front() > acp.back()) rescale_to_zero_terminal_snr(acp);
  if (!(acp.back() > 0))
    throw Error(
        ErrorKind::InvalidArgument,
        "betas up to " + number(beta_end) + " over " + std::to_string(timesteps) +
            " timesteps leave no signal at all; expected a schedule a model was trained on");
  set_alphas_cumprod(std::move(acp));
}

void NoiseTable::set_alphas_cumprod(std::vector<float> alphas_cumprod) {
  for (const float acp : alphas_cumprod) {
    const float sigma = std::sqrt((1.0f - acp) / acp);
    alphas_cumprod_.push_back(acp);
    sigmas_.push_back(sigma);
    log_sigmas_.push_back(static_cast<float>(std::log(double{sigma})));
  }
}

NoiseTable NoiseTable::distilled(int original_steps) const {
  const int size = static_cast<int>(sigmas_.size());
  if (original_steps < 2 || original_steps > size)
    throw Error(ErrorKind::InvalidArgument, "a distilled schedule of " +
                                                std::to_string(original_steps) +
                                                " steps, expected 2 to " + std::to_string(size));
  NoiseTable table;
  table.stride_ = size / original_steps;
  std::vector<float> acp(static_cast<size_t>(original_steps));
  for (int i = 0; i < original_steps; ++i)
    acp[original_steps - 1 - i] =
        static_cast<float>(alphas_cumprod_[static_cast<size_t>(size - 1 - i * table.stride_)]);
  table.set_alphas_cumprod(std::move(acp));
  return table;
}

double NoiseTable::sigma_of(double timestep) const {
  const double last = static_cast<double>(sigmas_.size() - 1);
  const float t = static_cast<float>(std::clamp((timestep - (stride_ - 1)) / stride_, 0.0, last));
  const size_t low = static_cast<size_t>(std::floor(t)), high = static_cast<size_t>(std::ceil(t));
  const float w = t - std::floor(t);
  const float log_sigma =
      (1.0f - w) * static_cast<float>(log_sigmas_[low]) + w * static_cast<float>(log_sigmas_[high]);
  return static_cast<float>(std::exp(double{log_sigma}));
}

double NoiseTable::timestep_of(double sigma) const {
  const double log_sigma = static_cast<float>(std::log(sigma));
  const auto above = std::upper_bound(log_sigmas_.begin(), log_sigmas_.end(), log_sigma);
  const size_t below = above == log_sigmas_.begin() ? 0 : above - log_sigmas_.begin() - 1;
  const size_t low = std::min(below, log_sigmas_.size() - 2);
  const double step = log_sigmas_[low + 1] - log_sigmas_[low];
  const double w = step > 0 ? std::clamp((log_sigma - log_sigmas_[low]) / step, 0.0, 1.0) : 0.0;
  if (stride_ == 1) return static_cast<double>(low) + w;
  const size_t nearest = w > 0.5 ? low + 1 : low;
  return static_cast<double>(nearest * stride_ + stride_ - 1);
}

}  // namespace pentimento
