// A mask of pixels as the sampler and the networks take it (webui-spec §2.2, §2.3, §2.7).
#pragma once

#include "pipelines/image_conditioning.h"
#include "pipelines/img2img_inputs.h"

namespace pentimento {

// For the sampler, over all channels of an init latent [1,C,h,w].
LatentMask sampler_mask(const RepaintMask& mask, const Tensor& init_latent);

// For models with extra input channels.
HiddenPart hidden_part(const RepaintMask& mask);

// The latent to begin with: the encoded picture, or noise or zeros where it will be repainted.
// `noise` is the first draw of the picture's own seed.
Tensor with_content(Tensor encoded, const RepaintMask& mask, const Vec& noise);

}  // namespace pentimento
