#include "samplers/latent_mask.h"

#include <cmath>

namespace pentimento {
namespace {

void mix(Vec& x, const LatentMask& mask) {
  for (size_t i = 0; i < x.size(); ++i) {
    const float repaint = mask.repaint[i];
    x[i] = repaint * x[i] + (1 - repaint) * mask.init_latent[i];
  }
}

// Keeps the picture wherever the pixel's own strength is below `left`.
void hold(Vec& x, const LatentMask& mask, double left) {
  for (size_t i = 0; i < x.size(); ++i)
    if (mask.repaint[i] <= 0 || mask.repaint[i] < left) x[i] = mask.init_latent[i];
}

// v = (1-t) a + t b, stretched to the length ((1-t)|a|^p + t|b|^p)^(1/p), with a the picture, b the
// estimate and lengths taken across channels: plain mixing would wash out what both agree on.
void mix_keeping_length(Vec& x, const LatentMask& mask, double sigma) {
  const size_t channels = static_cast<size_t>(mask.channels), plane = x.size() / channels;
  const double exponent = std::pow(sigma, mask.soft.schedule_bias) * mask.soft.preservation;
  const double p = mask.soft.transition_contrast;
  for (size_t i = 0; i < plane; ++i) {
    const float t = static_cast<float>(std::pow(static_cast<double>(mask.repaint[i]), exponent));
    double a = 0, b = 0, v = 0;
    for (size_t at = i; at < x.size(); at += plane) {
      const float mixed = mask.init_latent[at] * (1 - t) + x[at] * t;
      a += static_cast<double>(mask.init_latent[at]) * mask.init_latent[at];
      b += static_cast<double>(x[at]) * x[at];
      v += static_cast<double>(mixed) * mixed;
      x[at] = mixed;
    }
    const double length = std::pow(std::pow(a, p / 2) * (1 - t) + std::pow(b, p / 2) * t, 1 / p);
    const double factor = length / (std::sqrt(v) + 1e-5);
    for (size_t at = i; at < x.size(); at += plane) x[at] = static_cast<float>(x[at] * factor);
  }
}

}  // namespace

void apply_mask(Vec& x, const LatentMask& mask, double sigma, double left) {
  switch (mask.rule) {
    case MaskRule::Blend:
      return mix(x, mask);
    case MaskRule::Differential:
      return hold(x, mask, left);
    case MaskRule::Soft:
      return mix_keeping_length(x, mask, sigma);
  }
}

void apply_mask_at_end(Vec& x, const LatentMask& mask) {
  if (mask.rule == MaskRule::Blend) mix(x, mask);
  if (mask.rule == MaskRule::Differential) hold(x, mask, 0);
}

}  // namespace pentimento
