// UniPC (https://arxiv.org/abs/2302.04867), data prediction, variant B1(h), order 3, lower order at
// both ends; the defaults of AUTOMATIC1111.
// Symbols: alpha = sqrt(acp), s = sqrt(1 - acp), lambda = ln(alpha / s), h = lambda_t - lambda_0,
//   k = -h, m_0, m_1, … the latest estimates of x0, r_i = (lambda_i - lambda_0) / h,
//   D_i = (m_i - m_0) / r_i.
//   base      = s_t / s_0 x - alpha_t expm1(k) m_0
//   predictor = base - alpha_t k sum_i rho_i D_i
//   corrector = base - alpha_t k (sum_i rho'_i D_i + rho'_last (m_t - m_0)),  m_t at the predictor
// where rho solves sum_j r_j^(i-1) rho_j = b_i, b_i = i! phi_(i+1)(k).
// Time runs evenly from T (1, or (t + 1) / 1000 of the last timestep of a part) down to 1 / 1000;
// the network is asked at 1000 time - 1, a fraction. acp is log-linear between timesteps.
// Limitations: fewer timesteps than the order lower the order (AUTOMATIC1111 refuses them).
#include <algorithm>
#include <array>
#include <deque>

#include "samplers/solvers.h"
#include "samplers/vec_ops.h"

namespace pentimento {
namespace {

constexpr size_t kOrder = 3;

// The noise schedule at a continuous time in (0, 1].
struct Level {
  double alpha, s, lambda;
};
Level level_at(double time, const NoiseTable& table) {
  const auto acp = table.alphas_cumprod();
  const double last = static_cast<double>(acp.size() - 1);
  const double t = std::clamp(time * static_cast<double>(acp.size()) - 1, 0.0, last);
  const size_t low = std::min(static_cast<size_t>(t), acp.size() - 2);
  const double w = t - static_cast<double>(low);
  const double log_alpha = 0.5 * std::lerp(std::log(acp[low]), std::log(acp[low + 1]), w);
  const double alpha = std::exp(log_alpha), s = std::sqrt(-std::expm1(2 * log_alpha));
  return {alpha, s, log_alpha - std::log(s)};
}

// A past estimate of x0 and where it was made.
struct Estimate {
  Vec x0;
  Level level;
};

using Coefficients = std::array<double, kOrder>;

// Solves the n x n system sum_j r_j^i rho_j = b_i, i = 0..n-1 (Gauss-Jordan; n <= 3, r distinct).
Coefficients solve_vandermonde(const Coefficients& r, const Coefficients& b, size_t n) {
  double m[kOrder][kOrder + 1] = {};
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) m[i][j] = std::pow(r[j], static_cast<double>(i));
    m[i][n] = b[i];
  }
  for (size_t pivot = 0; pivot < n; ++pivot) {
    size_t best = pivot;
    for (size_t i = pivot; i < n; ++i)
      if (std::abs(m[i][pivot]) > std::abs(m[best][pivot])) best = i;
    std::swap(m[pivot], m[best]);
    for (size_t i = 0; i < n; ++i) {
      if (i == pivot) continue;
      const double factor = m[i][pivot] / m[pivot][pivot];
      for (size_t j = 0; j <= n; ++j) m[i][j] -= factor * m[pivot][j];
    }
  }
  Coefficients rho{};
  for (size_t i = 0; i < n; ++i) rho[i] = m[i][n] / m[i][i];
  return rho;
}

// One step of the given order to level `to`; history holds the latest estimate first.
class Update {
 public:
  Update(const Vec& x, const std::deque<Estimate>& history, const Level& to, size_t order)
      : history_(history), order_(order) {
    const Level& from = history[0].level;
    const double h = to.lambda - from.lambda, k = -h;
    base_ = sum({{to.s / from.s, x}, {-to.alpha * std::expm1(k), history[0].x0}});
    gain_ = -to.alpha * k;
    for (size_t i = 1; i < order; ++i) r_[i - 1] = (history[i].level.lambda - from.lambda) / h;
    r_[order - 1] = 1;
    double phi = std::expm1(k) / k - 1, factorial = 1;
    for (size_t i = 0; i < order; ++i) {
      b_[i] = phi * factorial / k;
      factorial *= static_cast<double>(i + 2);
      phi = phi / k - 1 / factorial;
    }
  }

  Vec predict() const {
    Coefficients rho = solve_vandermonde(r_, b_, order_ - 1);
    if (order_ == 2) rho[0] = 0.5;  // the paper's simplification
    return with_differences(rho);
  }

  Vec correct(const Vec& x0_there) const {
    Coefficients rho = solve_vandermonde(r_, b_, order_);
    if (order_ == 1) rho[0] = 0.5;
    const double last = gain_ * rho[order_ - 1];
    return sum({{1, with_differences(rho)}, {last, x0_there}, {-last, history_[0].x0}});
  }

 private:
  Vec with_differences(const Coefficients& rho) const {
    Vec x = base_;
    for (size_t i = 1; i < order_; ++i) {
      const double c = gain_ * rho[i - 1] / r_[i - 1];
      x = sum({{1, x}, {c, history_[i].x0}, {-c, history_[0].x0}});
    }
    return x;
  }

  const std::deque<Estimate>& history_;
  size_t order_;
  Vec base_;
  double gain_ = 0;
  Coefficients r_{}, b_{};
};

// The float32 grid of the original: rounding decides which timestep a v-model's scale is read at.
std::vector<float> time_grid(std::span<const int> timesteps, size_t table_size, bool truncated) {
  const float n = static_cast<float>(table_size), end = static_cast<float>(1.0 / n);
  const float start = truncated ? static_cast<float>(timesteps.back()) / n + end : 1.0f;
  const size_t steps = timesteps.size();
  const float step = (end - start) / static_cast<float>(steps);
  std::vector<float> grid(steps + 1);
  for (size_t i = 0; i <= steps; ++i)
    grid[i] = i < (steps + 1) / 2 ? start + step * static_cast<float>(i)
                                  : end - step * static_cast<float>(steps - i);
  return grid;
}

}  // namespace

Vec sample_unipc(Vec x, std::span<const int> timesteps, const NoiseTable& table,
                 const TimestepInputs& in) {
  if (timesteps.empty()) return x;
  const size_t steps = timesteps.size(), order = std::min(kOrder, steps);
  const float size = static_cast<float>(table.sigmas().size());
  const auto grid = time_grid(timesteps, table.sigmas().size(), in.truncated);
  const auto estimate = [&](const Vec& at, float time, const Level& level) {
    const Vec e = in.epsilon(at, (time - static_cast<float>(1.0 / size)) * size);
    return Estimate{sum({{1 / level.alpha, at}, {-level.s / level.alpha, e}}), level};
  };

  std::deque<Estimate> history{estimate(x, grid[0], level_at(grid[0], table))};
  for (size_t i = 1; i <= steps; ++i) {
    const Level level = level_at(grid[i], table);
    const Update update(x, history, level, std::min({order, i, steps + 1 - i}));
    x = update.predict();
    if (i < steps) {
      Estimate there = estimate(x, grid[i], level);
      x = update.correct(there.x0);
      history.push_front(std::move(there));
      if (history.size() > order) history.pop_back();
    }
    report(in.on_step, i, steps, history.front().x0);
  }
  return x;
}

}  // namespace pentimento
