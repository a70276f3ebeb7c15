// The image tower of CLIP, a vision transformer: "An Image is Worth 16x16 Words", Dosovitskiy et
// al. 2020, https://arxiv.org/abs/2010.11929, as Radford et al. 2021 use it,
// https://arxiv.org/abs/2103.00020. Names and numerics are those of transformers'
// CLIPVisionModelWithProjection.
#pragma once

#include <memory>

#include "nn/weights.h"
#include "openvino/core/model.hpp"
#include "weights/clip_file.h"

namespace pentimento::models {

// Input:   picture [1,3,S,S], normalised by VisionConfig's mean and deviation.
// Outputs: penultimate [1,T,W], hidden states before the last layer (position 0 is the class);
//          embedding [1,P], the projected class token, where the file has a projection.
std::shared_ptr<ov::Model> clip_vision(const nn::Weights& w, const VisionConfig& config);

}  // namespace pentimento::models
