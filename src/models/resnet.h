// The residual block that UNet and VAE share (diffusers ResnetBlock2D; He et al. 2015,
// https://arxiv.org/abs/1512.03385, pre-activation form with group normalisation).
#pragma once

#include "nn/weights.h"

namespace pentimento::models {

// x: [N,Cin,H,W]  silu_temb: [1 or N,D], already through silu; none in a VAE  ->  [N,Cout,H,W]
//   h = conv1(silu(norm1(x))) + time_emb_proj(silu_temb);   y = conv2(silu(norm2(h))) +
//   conv_shortcut(x)
nn::Node resnet_block(const nn::Weights& w, const nn::Node& x, int groups, float eps,
                      const nn::Node& silu_temb = {});

}  // namespace pentimento::models
