// The extra input channels of models that see a picture beside the noisy latent: inpainting
// checkpoints (mask + masked picture), instruct-pix2pix (the picture), and source-conditioned
// models such as Pentimento's own (the picture + mask). webui-spec §2.7.
#pragma once

#include <optional>

#include "base/tensor.h"
#include "pipelines/loaded_model.h"

namespace pentimento {

// What the model is not shown.
struct HiddenPart {
  Tensor mask;        // [1,1,H,W] of the picture's size in pixels, 1 = hidden
  double weight = 1;  // 0..1: how hidden it is. Source-conditioned models know only hidden and
                      // shown: under 0.5 they see everything
};

// picture: [1,3,H,W] in [-1,1], or null for text to image; latent: its encoded latent, or null.
// hidden: null for "repaint everything".
// Returns [1,Cc,h,w], empty for models without extra channels.
Tensor image_conditioning(LoadedModel& model, const Tensor* picture, const Tensor* latent,
                          const HiddenPart* hidden, int height, int width,
                          const Progress& progress);

}  // namespace pentimento
