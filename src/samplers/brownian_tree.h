// A Brownian path that can be asked for any of its increments, in any order, always with the same
// answer: the Brownian tree of torchsde (https://arxiv.org/abs/2001.01328), as k-diffusion's
// BrownianTreeNoiseSampler uses it for the SDE samplers, one tree for each picture.
//
// Symbols: W[a,b] the increment over [a,b]. The root draws W[t0,t1]; a node is split in its middle
// m by the Brownian bridge
//   W[a,m] = (m-a)/(b-a) W[a,b] + sqrt((m-a)(b-m)/(b-a)) z,   W[m,b] = W[a,b] - W[a,m],
// z standard normal from a seed that depends on the node only. Times are decimals of six digits.
// Limitations: nothing is remembered between queries; each costs some 50 draws of the whole noise.
#pragma once

#include <cstdint>
#include <vector>

#include "samplers/random.h"

namespace pentimento {

// Thread contract: const calls from any thread.
class BrownianTree {
 public:
  // count: values in the noise; 0 <= sigma_min < sigma_max (as float32) bound every query.
  BrownianTree(RngSource source, int64_t count, uint64_t seed, double sigma_min, double sigma_max);

  // Noise of unit variance for the step from sigma to sigma_next (either order). Queries beyond
  // the bounds are clamped to them; an empty interval gives zeros.
  std::vector<float> operator()(double sigma, double sigma_next) const;

 private:
  struct Node {
    double start, end;
    uint64_t key, depth;
  };
  using Vec = std::vector<float>;
  void add_increment(const Node& node, const Vec& w, double from, double to, Vec& sum) const;
  Vec draw(uint32_t seed) const;

  RngSource source_;
  int64_t count_;
  uint64_t entropy_;
  Node root_{};
  Vec root_increment_;
};

}  // namespace pentimento
