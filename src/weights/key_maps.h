// The two layouts in which Stable Diffusion's networks are published, and the way between them:
// CompVis/LDM (https://github.com/CompVis/latent-diffusion; the text towers also as OpenCLIP has
// them) and diffusers/transformers. Names are relative to the network: no "model.diffusion_model."
// and no "first_stage_model.". Tensors are renamed, split and reshaped as views; only a transposed
// text_projection, and what is fused again on the way to LDM, is copied.
#pragma once

#include <string>
#include <vector>

#include "weights/name_table.h"
#include "weights/tensor_view.h"

namespace pentimento {

struct Renamed {
  TensorMap tensors;
  std::vector<std::string> unknown;  // names that have no place in the other layout
};

Renamed unet_to_diffusers(const TensorMap& ldm);
Renamed unet_to_ldm(const TensorMap& diffusers);
Renamed controlnet_to_diffusers(const TensorMap& ldm);

Renamed vae_to_diffusers(const TensorMap& ldm);
Renamed vae_to_ldm(const TensorMap& diffusers);
// diffusers' own older names (attentions.0.query …) brought up to date.
TensorMap vae_modernised(TensorMap diffusers);

// OpenCLIP: fused in_proj, text_projection [W,P] instead of [P,W].
Renamed open_clip_to_diffusers(const TensorMap& open_clip);
Renamed diffusers_to_open_clip(const TensorMap& diffusers);
// The image tower likewise: "visual.conv1.weight" -> "vision_model.embeddings.patch_embedding …".
Renamed open_clip_vision_to_diffusers(const TensorMap& open_clip);
// CLIP as transformers has it: adds the "text_model." that some writers leave out, drops
// position_ids and, in `unknown`, what is no text tower.
Renamed clip_modernised(const TensorMap& clip);

// A tiny autoencoder of the TAESD family: original names "encoder.0.weight" (decoder indices count
// the clamp before the first layer) <-> diffusers' "encoder.layers.0.weight".
Renamed tiny_vae_to_diffusers(const TensorMap& original);
Renamed tiny_vae_to_ldm(const TensorMap& diffusers);

// How a UNet is built, read off its names.
struct UnetLayout {
  struct Level {
    std::vector<int> transformers;  // for each resnet: blocks in its transformer, 0 = none
    bool resample = false;          // ends in a downsampler or upsampler
  };
  std::vector<Level> down, up;  // in order of use
  int mid_resnets = 0;
  int mid_transformer = 0;  // blocks, 0 = none
};
UnetLayout unet_layout_of_ldm(const TensorMap& ldm);
UnetLayout unet_layout_of_diffusers(const TensorMap& diffusers);
NameTable unet_names(const UnetLayout& layout);

// Every tensor that a network of that build must have and this map has not (diffusers names).
std::vector<std::string> missing_in_unet(const TensorMap& diffusers);
std::vector<std::string> missing_in_vae(const TensorMap& diffusers);
std::vector<std::string> missing_in_text(const TensorMap& diffusers);

// True when some name begins with `prefix`.
bool has_prefix(const TensorMap& tensors, std::string_view prefix);
// One more than the highest N of prefixN, up to 100: gaps count, so that a missing one is noticed.
int count_numbered(const TensorMap& tensors, const std::string& prefix);
// The tensors below `prefix`, without it.
TensorMap below(const TensorMap& tensors, std::string_view prefix);

}  // namespace pentimento
