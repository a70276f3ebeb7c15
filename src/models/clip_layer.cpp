#include "models/clip_layer.h"

namespace pentimento::models {

using nn::Node;
using nn::Weights;

namespace {

Node self_attention(const Weights& w, const Node& x, int heads, nn::Mask mask) {
  const Node q = nn::split_heads(nn::linear(w / "q_proj", x), 1, heads);
  const Node k = nn::split_heads(nn::linear(w / "k_proj", x), 1, heads);
  const Node v = nn::split_heads(nn::linear(w / "v_proj", x), 1, heads);
  return nn::linear(w / "out_proj", nn::merge_heads(nn::attention(q, k, v, mask)));
}

Node mlp(const Weights& w, const Node& x, Activation activation) {
  const Node h = nn::linear(w / "fc1", x);
  return nn::linear(w / "fc2",
                    activation == Activation::QuickGelu ? nn::quick_gelu(h) : nn::gelu(h));
}

}  // namespace

Node clip_layer(const Weights& w, Node x, int heads, Activation activation, nn::Mask mask) {
  x = nn::add(x,
              self_attention(w / "self_attn", nn::layer_norm(w / "layer_norm1", x), heads, mask));
  return nn::add(x, mlp(w / "mlp", nn::layer_norm(w / "layer_norm2", x), activation));
}

}  // namespace pentimento::models
