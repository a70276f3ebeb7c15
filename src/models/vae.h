// The autoencoder of latent diffusion (Rombach et al. 2022, https://arxiv.org/abs/2112.10752).
// Names and numerics are diffusers' AutoencoderKL.
// Limitations: the posterior's mean, never a sample (two runs give the same picture).
#pragma once

#include <memory>

#include "nn/weights.h"
#include "openvino/core/model.hpp"
#include "weights/model_config.h"

namespace pentimento::models {

// Input:  picture [1,3,H,W] in [-1,1].   Output: latent [1,C,H/8,W/8], scaled: (mean - shift) *
// scaling.
std::shared_ptr<ov::Model> vae_encoder(const nn::Weights& w, const VaeConfig& config,
                                       int64_t height, int64_t width);

// Input:  latent [1,C,h,w], scaled.      Output: picture [1,3,8h,8w], about [-1,1].
std::shared_ptr<ov::Model> vae_decoder(const nn::Weights& w, const VaeConfig& config,
                                       int64_t height, int64_t width);

// latent_n = (latent - mean) / std per channel where the config has them, then scaling and shift;
// and back. Shared with the tiny autoencoder.
nn::Node scale_latent(const nn::Node& z, const VaeConfig& config);
nn::Node unscale_latent(const nn::Node& z, const VaeConfig& config);

}  // namespace pentimento::models
