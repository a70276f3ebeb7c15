// The random numbers people can repeat: torch's CPU generator (MT19937) and CUDA's Philox, one
// generator per picture, as A1111's modules/rng.py arranges them.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace pentimento {

enum class RngSource { Cpu, Nv };

class Generator {
 public:
  virtual ~Generator() = default;
  virtual std::vector<float> randn(int64_t count) = 0;   // the next draw
};
std::unique_ptr<Generator> make_generator(RngSource source, uint64_t seed);

struct ImageNoiseOptions {
  uint64_t seed = 0;
  uint64_t subseed = 0;
  double subseed_strength = 0;              // 0..1: variation seed mix (slerp)
  int seed_resize_width = 0, seed_resize_height = 0;  // pixels; 0 = off
  int64_t eta_noise_seed_delta = 0;         // ENSD
};

// The noise of one picture: first() is the starting noise, next() every later draw.
class ImageNoise {
 public:
  ImageNoise(RngSource source, int channels, int height, int width, ImageNoiseOptions options,
             int scale_factor = 8);
  std::vector<float> first();
  std::vector<float> next();
};

}  // namespace pentimento
