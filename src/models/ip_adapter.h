// IP-Adapter: "Text Compatible Image Prompt Adapter for Text-to-Image Diffusion Models", Ye et al.
// 2023, https://arxiv.org/abs/2308.06721. A picture's CLIP features become a few tokens that every
// cross-attention reads beside the prompt, with keys and values of their own. Names are those of
// the published files; numerics those of diffusers (ImageProjection, IPAdapterPlusImageProjection,
// IPAdapterFullImageProjection). Three kinds of projection, told by the names of their tensors:
//   plain      tokens = norm(proj(embedding))                      embedding [1,E]
//   full       tokens = proj.3(proj.2(gelu(proj.0(hidden))))       hidden [1,S,E]
//   plus       a perceiver resampler over hidden (Alayrac et al. 2022,
//   https://arxiv.org/abs/2204.14198)
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/unet.h"

namespace pentimento::models {

// Inputs: features: embedding [1,E] of the plain kind, else hidden [1,S,E]; of the plus kind also
//         latents [T,D'], the file's own, given anew for every run: OpenVINO 2026's CPU plugin adds
//         to an f16 constant in place, and the next picture would begin where this one ended.
// Output: tokens [1,T,D].
std::shared_ptr<ov::Model> image_projection(const nn::Weights& w, const Shape& features);

// Input:  tokens [1,T,D].   Outputs: X.ip_k, X.ip_v [1,heads,T,d] for each cross-attention X of the
// model, in the order of the file: the way down, the way up, the middle, its indices 1, 3, 5 …
std::shared_ptr<ov::Model> image_keys(const nn::Weights& w,
                                      const std::vector<CrossAttention>& attentions,
                                      const Shape& tokens);

// The model's cross-attentions in the order in which the file counts them.
std::vector<CrossAttention> in_adapter_order(const std::vector<CrossAttention>& in_order_of_use);

}  // namespace pentimento::models
