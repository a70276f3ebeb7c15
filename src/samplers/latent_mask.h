// Where a picture stays while a sampler repaints the rest of its latent. Three rules:
//   Blend         AUTOMATIC1111's: what is kept takes the picture's latent at every call
//   Differential  the mask is a strength per pixel: a pixel joins in when the share of the schedule
//                 that is left has fallen to its value (https://arxiv.org/abs/2306.00950)
//   Soft          A1111's soft inpainting: a blend that keeps magnitudes, whose mask hardens as the
//                 noise falls (webui-spec §2.9); nothing is put back at the end
// Pure mathematics; free functions without state.
// Limitations: with timestep samplers Soft is given the true sigma, where A1111 hands over the
// timestep itself.
#pragma once

#include <vector>

#include "samplers/sampler.h"

namespace pentimento {

enum class MaskRule { Blend, Differential, Soft };

struct SoftBlend {
  double schedule_bias = 1;        // 0..8: how much later the mask hardens
  double preservation = 0.5;       // 0..8: how much of the picture stays
  double transition_contrast = 4;  // 1..32: how magnitudes are mixed
};

struct LatentMask {
  Vec repaint;  // 0..1, of the latent's size; 1 = repaint
  Vec init_latent;
  MaskRule rule = MaskRule::Blend;
  SoftBlend soft;
  int channels = 4;  // of the latent: Soft measures magnitudes across them
};

// Puts the picture back into `x` during a run. sigma: its noise level; left: the share of the
// schedule still to run, 1 at the start, 0 at the end.
void apply_mask(Vec& x, const LatentMask& mask, double sigma, double left);

// The same once the run has ended.
void apply_mask_at_end(Vec& x, const LatentMask& mask);

}  // namespace pentimento
