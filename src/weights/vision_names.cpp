// The image tower's names. OpenCLIP (https://github.com/mlfoundations/open_clip) keeps query, key
// and value in one matrix and multiplies by `proj` from the right, as in its text tower, whose
// renaming serves here too.
#include "weights/key_maps.h"

namespace pentimento {

Renamed open_clip_vision_to_diffusers(const TensorMap& open_clip) {
  // As if it were a text tower: layers and the projection are built alike.
  TensorMap tower;
  Renamed result;
  for (const auto& [name, tensor] : below(open_clip, "visual.")) {
    if (name.starts_with("transformer.resblocks."))
      tower.emplace(name, tensor);
    else if (name == "proj")
      tower.emplace("text_projection", tensor);
    else if (name == "class_embedding")
      result.tensors.emplace("vision_model.embeddings.class_embedding", tensor);
    else if (name == "positional_embedding")
      result.tensors.emplace("vision_model.embeddings.position_embedding.weight", tensor);
    else if (name == "conv1.weight")
      result.tensors.emplace("vision_model.embeddings.patch_embedding.weight", tensor);
    else if (name.starts_with("ln_pre."))
      result.tensors.emplace("vision_model.pre_layrnorm." + name.substr(7), tensor);
    else if (name.starts_with("ln_post."))
      result.tensors.emplace("vision_model.post_layernorm." + name.substr(8), tensor);
    else
      result.unknown.push_back("visual." + name);
  }
  const Renamed layers = open_clip_to_diffusers(tower);
  constexpr std::string_view kText = "text_model.";
  for (const auto& [name, tensor] : layers.tensors)
    result.tensors.emplace(name.starts_with(kText) ? "vision_model." + name.substr(kText.size())
                                                   : "visual_projection.weight",
                           tensor);
  for (const std::string& name : layers.unknown) result.unknown.push_back("visual." + name);
  return result;
}

}  // namespace pentimento
