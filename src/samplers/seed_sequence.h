// numpy.random.SeedSequence: hashes an integer and the path of a spawned child into seeds that
// have nothing to do with one another (M. E. O'Neill's seed_seq,
// https://www.pcg-random.org/posts/developing-a-seed_seq-alternative.html).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace pentimento {

class SeedSequence {
 public:
  // pool_size: 32-bit words of hashed state, >= 4.
  SeedSequence(uint64_t entropy, std::span<const uint64_t> spawn_key, size_t pool_size);
  std::vector<uint32_t> generate_state(size_t words) const;

 private:
  std::vector<uint32_t> pool_;
};

}  // namespace pentimento
