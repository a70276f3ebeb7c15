// ControlNet: "Adding Conditional Control to Text-to-Image Diffusion Models", Zhang et al. 2023,
// https://arxiv.org/abs/2302.05543. A trainable copy of the UNet's way down that sees a control
// picture too; what it finds is added to the outputs of the UNet's own. Names and numerics are
// diffusers' ControlNetModel.
//   hint = conv_out(silu(… silu(conv_in(picture))))
//   x = conv_in(sample) + hint;   residual_i = zero_conv_i(output i of the way down and the middle)
// Keys and values of its cross-attention come from models::unet_conditioning over its weights.
// Limitations: pictures of three channels; one kind of control a file (no "union" networks).
#pragma once

#include <memory>

#include "models/unet.h"

namespace pentimento::models {

// Inputs:  sample [N,C,h,w]; hint [1,C0,h,w]; time, X.k, X.v, added_embedding as models::unet has
//          them.
// Outputs: residual.I [N,Ci,hi,wi] as models::unet takes them.
std::shared_ptr<ov::Model> controlnet(const nn::Weights& w, const UnetConfig& config,
                                      const UnetShape& shape);

// How many residuals it has: one for each output of the way down, and the middle's.
size_t controlnet_residuals(const nn::Weights& w);

// Input:  picture [1,3,8h,8w], values 0..1.    Output: hint [1,C0,h,w].
std::shared_ptr<ov::Model> controlnet_hint(const nn::Weights& w, int64_t height_px,
                                           int64_t width_px);

}  // namespace pentimento::models
