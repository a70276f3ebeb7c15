// Restart sampling (https://arxiv.org/abs/2306.14878) with Heun steps: near sigma = 0.1 the path is
// noised back up to about 2 and solved down again, which washes out the errors made so far.
// AUTOMATIC1111's plan: from 20 steps on, 9 steps go to one restart; from 36 on, a quarter of them
// to each of two. The rest, and each restart, follow a Karras schedule.
//   restart:  x <- x + sqrt(sigma_max² - sigma_min²) z
// Limitations: below 20 steps it is Heun. Float32 rounding may leave a restart's end a hair below
// the level where the main path goes on; the original then adds that hair of noise too, so does
// this, because later draws depend on it.
#include <algorithm>

#include "samplers/solvers.h"
#include "samplers/vec_ops.h"

namespace pentimento {
namespace {

size_t nearest(std::span<const double> sigmas, double wanted) {
  const auto closer = [&](double a, double b) {
    return std::abs(a - wanted) < std::abs(b - wanted);
  };
  return static_cast<size_t>(std::min_element(sigmas.begin(), sigmas.end(), closer) -
                             sigmas.begin());
}

}  // namespace

std::vector<RestartInterval> restart_intervals(std::span<const double> given) {
  const int steps = static_cast<int>(given.size()) - 1;
  std::vector<double> sigmas(given.begin(), given.end());
  const int times = steps >= 36 ? 2 : steps >= 20 ? 1 : 0;
  const int restart_steps = steps >= 36 ? steps / 4 : 9;
  size_t low = 0, high = 0;
  std::vector<double> again;
  if (times > 0) {
    sigmas = karras_schedule(steps - restart_steps * times, given[given.size() - 2], given[0]);
    low = nearest(sigmas, 0.1);
    high = nearest(sigmas, 2.0);
    if (high < low) {
      again = karras_schedule(restart_steps + 1, sigmas[low], sigmas[high]);
      again.pop_back();  // its 0
    }
  }
  std::vector<RestartInterval> intervals;
  for (size_t i = 0; i + 1 < sigmas.size(); ++i) {
    intervals.push_back({sigmas[i], sigmas[i + 1]});
    if (i + 1 != low || again.empty()) continue;
    for (int time = 0; time < times; ++time)
      for (size_t j = 0; j + 1 < again.size(); ++j) intervals.push_back({again[j], again[j + 1]});
  }
  return intervals;
}

int count_restart_calls(std::span<const double> sigmas) {
  int calls = 0;
  for (const RestartInterval& interval : restart_intervals(sigmas))
    calls += interval.to == 0 ? 1 : 2;
  return calls;
}

Vec sample_restart(Vec x, std::span<const double> sigmas, const SamplerInputs& in) {
  const auto intervals = restart_intervals(sigmas);
  double level = intervals.front().from;
  for (size_t i = 0; i < intervals.size(); ++i) {
    const auto [sigma, next] = intervals[i];
    if (level < sigma) x = sum({{1, x}, {std::sqrt(square(sigma) - square(level)), in.noise()}});
    const double h = next - sigma;
    const Vec x0 = in.denoise(x, sigma);
    const Slope d = slope(x, x0, sigma);
    const Vec end = sum({{1, x}, {h, d}});
    if (next == 0) {
      x = end;
    } else {
      const Slope d_end = slope(end, in.denoise(end, next), next);
      x = sum({{1, x}, {h / 2, d}, {h / 2, d_end}});
    }
    level = next;
    report(in.on_step, i + 1, intervals.size(), x0);
  }
  return x;
}

}  // namespace pentimento
