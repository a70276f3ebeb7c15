#include "models/clip_vision.h"

#include "models/clip_layer.h"
#include "models/graph.h"

namespace pentimento::models {

using nn::Node;
using nn::Weights;

namespace {

// picture -> [1 + patches, W]: a learned class vector, then the patches row by row, each with the
// vector of its place.
Node embed_patches(const Weights& w, const Node& picture, const VisionConfig& config) {
  const Node patches = nn::image_to_tokens(
      nn::conv2d(w / "patch_embedding", picture,
                 {.stride = config.patch_size, .padding = nn::Conv::Padding::None}));
  const Shape shape = nn::shape_of(patches);
  const Node whole = w.tensor("class_embedding", {1, shape[1]});
  const Node places = (w / "position_embedding").tensor("weight", {1 + shape[0], shape[1]});
  return nn::add(nn::concat({whole, patches}, 0), places);
}

}  // namespace

std::shared_ptr<ov::Model> clip_vision(const Weights& w, const VisionConfig& config) {
  const Weights vision = w / "vision_model";
  GraphInputs inputs;
  GraphOutputs outputs;
  const Node picture = inputs.add("picture", {1, 3, config.image_size, config.image_size});
  Node x = embed_patches(vision / "embeddings", picture, config);
  x = nn::layer_norm(vision / "pre_layrnorm", x);
  const Weights layers = vision / "encoder" / "layers";
  for (int i = 0; i < config.layers; ++i) {
    if (i + 1 == config.layers) {
      const Shape shape = nn::shape_of(x);
      outputs.add("penultimate", nn::reshape(x, {1, shape[0], shape[1]}));
    }
    x = clip_layer(layers / static_cast<size_t>(i), x, config.heads, config.activation,
                   nn::Mask::None);
  }
  if (config.projection_dim) {
    const Node whole = nn::layer_norm(vision / "post_layernorm", nn::slice(x, 0, 0, 1));
    outputs.add("embedding", nn::linear(w / "visual_projection", whole));
  }
  return make_model("clip_vision", inputs, outputs);
}

}  // namespace pentimento::models
