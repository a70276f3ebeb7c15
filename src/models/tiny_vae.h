// TAESD, the tiny autoencoder of Ollin Boer Bohan (https://github.com/madebyollin/taesd), any
// number of latent channels. Layer numbers are diffusers' AutoencoderTiny: `encoder.layers.N`,
// `decoder.layers.N` (the decoder's clamp has no number there; in the original files it is 0).
// A block whose weights include `pool` is the wider kind of TAEF2, which adds a grouped-norm
// branch.
#pragma once

#include <memory>

#include "nn/weights.h"
#include "openvino/core/model.hpp"
#include "weights/model_config.h"

namespace pentimento::models {

// Inputs and outputs as vae_encoder and vae_decoder. Throws CorruptFile when the layers are none
// that this family has.
std::shared_ptr<ov::Model> tiny_vae_encoder(const nn::Weights& w, const VaeConfig& config,
                                            int64_t height, int64_t width);
std::shared_ptr<ov::Model> tiny_vae_decoder(const nn::Weights& w, const VaeConfig& config,
                                            int64_t height, int64_t width);

}  // namespace pentimento::models
