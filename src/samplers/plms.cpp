// PLMS: pseudo linear multistep (https://arxiv.org/abs/2202.09778, section 3.3). DDIM's transfer
// with an average of the last noise estimates (Adams-Bashforth) in place of the newest.
//   1st step: e' = (e + e(x_next, t_next)) / 2, with x_next from e     (two model calls)
//   2nd: (3 e - e1) / 2     3rd: (23 e - 16 e1 + 5 e2) / 12
//   then: (55 e - 59 e1 + 37 e2 - 9 e3) / 24
// Limitations: deterministic; AUTOMATIC1111's loop, see ddim.cpp.
#include <deque>

#include "samplers/solvers.h"
#include "samplers/vec_ops.h"

namespace pentimento {
namespace {

struct Transfer {
  Vec x, x0;
};
Transfer transfer(const Vec& x, const Vec& e, double a, double a_next) {
  Vec x0 = sum({{1 / std::sqrt(a), x}, {-std::sqrt((1 - a) / a), e}});
  return {sum({{std::sqrt(a_next), x0}, {std::sqrt(1 - a_next), e}}), std::move(x0)};
}

}  // namespace

Vec sample_plms(Vec x, std::span<const int> timesteps, const NoiseTable& table,
                const TimestepInputs& in) {
  std::deque<Vec> old;  // earlier estimates, newest first
  for (size_t index = timesteps.size(); index-- > 1;) {
    const double a = table.alphas_cumprod()[timesteps[index]];
    const double a_next = table.alphas_cumprod()[timesteps[index - 1]];
    Vec e = in.epsilon(x, timesteps[index]);
    Vec mean;
    if (old.empty()) {
      const Vec e_next = in.epsilon(transfer(x, e, a, a_next).x, timesteps[index - 1]);
      mean = sum({{0.5, e}, {0.5, e_next}});
    } else if (old.size() == 1) {
      mean = sum({{3.0 / 2, e}, {-1.0 / 2, old[0]}});
    } else if (old.size() == 2) {
      mean = sum({{23.0 / 12, e}, {-16.0 / 12, old[0]}, {5.0 / 12, old[1]}});
    } else {
      mean = sum({{55.0 / 24, e}, {-59.0 / 24, old[0]}, {37.0 / 24, old[1]}, {-9.0 / 24, old[2]}});
    }
    Transfer step = transfer(x, mean, a, a_next);
    x = std::move(step.x);
    old.push_front(std::move(e));
    if (old.size() > 3) old.pop_back();
    report(in.on_step, timesteps.size() - index, timesteps.size() - 1, step.x0);
  }
  return x;
}

}  // namespace pentimento
