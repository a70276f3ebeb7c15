// The text towers of CLIP: "Learning Transferable Visual Models From Natural Language Supervision",
// Radford et al. 2021, https://arxiv.org/abs/2103.00020; names and numerics are those of
// transformers' CLIPTextModel(WithProjection).
// Limitations: token embedding happens outside (nn::Weights is asked for rows by the caller), so
// that words can be replaced by learned vectors; one chunk of text at a time.
#pragma once

#include <memory>
#include <span>

#include "nn/weights.h"
#include "openvino/core/model.hpp"
#include "weights/model_config.h"

namespace pentimento::models {

// Which hidden state the UNet reads, and what else is computed.
struct ClipTextOutputs {
  int layers_skipped = 0;  // 0: after the last layer; 1: the penultimate …
  bool final_norm = true;  // final_layer_norm applied to it
  bool pooled = false;     // text_projection of the end token after the last layer and final norm
};

// Inputs:  embeddings [1,T,W] token embeddings; eos [1] i64, position of the end token (pooled
// only). Outputs: hidden [1,T,W]; pooled [1,P].
std::shared_ptr<ov::Model> clip_text(const nn::Weights& w, const TextConfig& config,
                                     const ClipTextOutputs& outputs);

// Rows of token_embedding for tokens [T] -> [1,T,W]. Throws InvalidArgument for a token outside the
// vocabulary.
Tensor embed_tokens(const nn::Weights& w, const TextConfig& config,
                    std::span<const int64_t> tokens);

}  // namespace pentimento::models
