// The transformer layer that both towers of CLIP are stacks of (transformers' CLIPEncoderLayer).
#pragma once

#include "nn/layers.h"
#include "weights/model_config.h"

namespace pentimento::models {

// x: [T,W] -> [T,W]; the text tower's positions see only those before them.
//   x = x + self_attn(layer_norm1(x));   y = x + mlp(layer_norm2(x))
nn::Node clip_layer(const nn::Weights& w, nn::Node x, int heads, Activation activation,
                    nn::Mask mask);

}  // namespace pentimento::models
