// The random numbers people can repeat: torch's CPU generator (MT19937) and CUDA's Philox, one
// generator per picture, as A1111's modules/rng.py arranges them (webui-spec §1.10).
// Thread contract: an object belongs to one thread at a time.
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
  // The next draw: `count` standard normal values. One draw of 32 is not two draws of 16.
  virtual std::vector<float> randn(int64_t count) = 0;
};
// Cpu uses the low 32 bits of the seed, as torch does; Nv all 64.
std::unique_ptr<Generator> make_generator(RngSource source, uint64_t seed);

struct ImageNoiseOptions {
  uint64_t seed = 0;
  uint64_t subseed = 0;
  double subseed_strength = 0;                        // 0..1: variation seed mix (slerp)
  int seed_resize_width = 0, seed_resize_height = 0;  // pixels; both > 0 or it is off
  int64_t eta_noise_seed_delta = 0;                   // ENSD
};

// The noise of one picture: first() is the starting noise, next() every later draw.
// Both are [channels, height, width] in latent pixels; `scale_factor` is pixels per latent pixel.
class ImageNoise {
 public:
  ImageNoise(RngSource source, int channels, int height, int width, ImageNoiseOptions options,
             int scale_factor = 8);
  std::vector<float> first();
  std::vector<float> next();

  RngSource source() const { return source_; }
  uint64_t seed() const { return options_.seed; }
  int64_t size() const { return int64_t{channels_} * height_ * width_; }

 private:
  RngSource source_;
  int channels_, height_, width_;
  ImageNoiseOptions options_;
  int scale_factor_;
  std::unique_ptr<Generator> generator_;
};

}  // namespace pentimento
