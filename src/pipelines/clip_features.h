// Pictures and words as CLIP's vectors: for image prompts, and for describing pictures.
#pragma once

#include <string>
#include <vector>

#include "image/image.h"
#include "runtime/clip.h"

namespace pentimento {

// How a picture that is not square meets a square encoder: its middle, the whole of it in black
// bars, or squeezed. Crop is CLIP's own.
enum class PictureFit { Crop, Pad, Squash };

// The picture as the encoder takes it: [1,3,S,S], bicubic as transformers' CLIPImageProcessor
// resizes, normalised.
Tensor clip_picture(const Image& picture, const VisionConfig& vision, PictureFit fit);

// What CLIP sees in a picture (runtime/clip.h).
ImageFeatures image_features(Clip& clip, const Image& picture, PictureFit fit,
                             const Progress& progress);

// Unit vectors, ready to be compared by their dot product: [1,P] of a picture (its middle square),
// [n,P] of texts (cut at 75 tokens). Throw Unsupported where the file has no such tower.
Tensor image_embedding(Clip& clip, const Image& picture, const Progress& progress);
Tensor text_embeddings(Clip& clip, const std::vector<std::string>& texts, const Progress& progress);

}  // namespace pentimento
