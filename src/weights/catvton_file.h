// CatVTON's trained weights: "CatVTON: Concatenation Is All You Need for Virtual Try-On with
// Diffusion Models", Chong et al. 2024, https://arxiv.org/abs/2407.15886. Only the self-attention
// of a Stable Diffusion 1.5 UNet was trained; cross-attention passes its input on, so there is no
// prompt.
//   N.to_q.weight, N.to_k.weight, N.to_v.weight, N.to_out.0.weight, N.to_out.0.bias
// for the self-attentions of the way down, the way up and the middle; N counts modules, in strides
// of 7 or 8. Their licence is CC BY-NC-SA 4.0: not for commercial use.
#pragma once

#include <filesystem>

#include "weights/checkpoint.h"

namespace pentimento {

struct CatVtonFile {
  std::filesystem::path path;
  TensorMap tensors;  // "0.to_q.weight" … renumbered 0, 1, 2 …
  int attentions = 0;
};

// A file, or a folder with attention/model.safetensors. Throws Unsupported when it is something
// else, CorruptFile when it is incomplete.
CatVtonFile open_catvton(const std::filesystem::path& path);

// Whether the path names the mask-free weights: nothing in them tells.
bool says_mask_free(const std::filesystem::path& path);

// Puts the weights in place of the checkpoint's own. The checkpoint must be of the build they were
// trained in: an inpainting checkpoint (nine channels), or instruct-pix2pix (eight) for the
// mask-free weights. Throws InvalidArgument naming what does not fit.
void put_into(Checkpoint& checkpoint, const CatVtonFile& file);

}  // namespace pentimento
