// The denoising network of latent diffusion: "High-Resolution Image Synthesis with Latent Diffusion
// Models", Rombach et al. 2022, https://arxiv.org/abs/2112.10752; SDXL: Podell et al. 2023,
// https://arxiv.org/abs/2307.01952. Names and numerics are diffusers' UNet2DConditionModel.
// What does not change from step to step (keys and values of the cross-attention, the embeddings of
// SDXL's added vector and of LCM's guidance scale) is a network of its own, run once per prompt.
// Limitations: the block kinds of SD 1.x, 2.x and SDXL; static shapes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nn/weights.h"
#include "openvino/core/model.hpp"
#include "weights/model_config.h"

namespace pentimento::models {

struct UnetShape {
  int64_t batch = 1;    // conditions evaluated together
  int64_t height = 64;  // latent pixels
  int64_t width = 64;
  int64_t tokens = 77;       // length of the context; 0: cross-attention passes its input on
  int64_t image_tokens = 0;  // length of an image prompt; 0: the network has no inputs for one
  bool residuals = false;    // inputs for what ControlNets add
};

// Inputs:  sample [N,Cin,h,w]; time [1,C0] sinusoids of the timestep; X.k, X.v [N,heads,T,d] for
// each
//          cross_attentions() name X; guidance_embedding [N,C0] and added_embedding [N,D] where the
//          model has them; X.ip_k, X.ip_v [N,heads,Ti,d] of an image prompt, its weight in ip_v;
//          residual.I, shaped like each output of the way down, in order, and then of the middle.
// Output:  prediction [N,Cout,h,w]
std::shared_ptr<ov::Model> unet(const nn::Weights& w, const UnetConfig& config,
                                const UnetShape& shape);

// Inputs:  context [1,T,D]; added [1,A]; guidance [1,G] (the latter two where the model has them).
// Outputs: X.k, X.v [1,heads,T,d]; added_embedding [1,D]; guidance_embedding [1,C0].
std::shared_ptr<ov::Model> unet_conditioning(const nn::Weights& w, const UnetConfig& config,
                                             int64_t tokens);

struct CrossAttention {
  std::string name;  // "down_blocks.0.attentions.0.transformer_blocks.0.attn2"
  int heads;
};
// Every cross-attention of the network, in order of use.
std::vector<CrossAttention> cross_attentions(const nn::Weights& w, const UnetConfig& config);

// Width of the guidance vector that time_embedding.cond_proj takes; 0 without one.
int64_t guidance_width(const nn::Weights& w, const UnetConfig& config);

// [1,width]: cos then sin of timestep * 10000^(-i / half): the UNet's `time` input.
Tensor timestep_sinusoids(double timestep, int64_t width);
// [1,width]: sin then cos of 1000 w * 10000^(-i / (half - 1)): LCM's `guidance` input
// (Luo et al. 2023, https://arxiv.org/abs/2310.04378).
Tensor guidance_sinusoids(double w, int64_t width);

}  // namespace pentimento::models
