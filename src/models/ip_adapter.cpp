#include "models/ip_adapter.h"

#include <algorithm>

#include "base/error.h"
#include "models/graph.h"
#include "nn/layers.h"

namespace pentimento::models {

using nn::Node;
using nn::Weights;

namespace {

constexpr int64_t kHeadWidth = 64;  // of the resampler, in every published file

// Latents ask, the picture and the latents themselves answer:
//   q = to_q(norm2(latents));   k, v = to_kv([norm1(x); norm2(latents)])
Node perceiver_attention(const Weights& w, const Node& x, const Node& latents) {
  const Node asking = nn::layer_norm(w / "norm2", latents);
  const Node answering = nn::concat({nn::layer_norm(w / "norm1", x), asking}, 0);
  const Node q = nn::linear(w / "to_q", asking);
  const int64_t inner = nn::shape_of(q).back();
  if (inner % kHeadWidth)
    throw Error(ErrorKind::CorruptFile, w.describe("to_q.weight") + " has " +
                                            std::to_string(inner) +
                                            " rows, expected a multiple of 64");
  const int heads = static_cast<int>(inner / kHeadWidth);
  const Node k = nn::linear_rows(w / "to_kv", answering, 0, inner);
  const Node v = nn::linear_rows(w / "to_kv", answering, inner, 2 * inner);
  const Node seen = nn::attention(nn::split_heads(q, 1, heads), nn::split_heads(k, 1, heads),
                                  nn::split_heads(v, 1, heads));
  return nn::linear(w / "to_out", nn::merge_heads(seen));
}

Node feed_forward(const Weights& w, const Node& x) {
  return nn::linear(w / 3, nn::gelu(nn::linear(w / 1, nn::layer_norm(w / 0, x))));
}

// hidden [S,E] -> [T,D]
Node resample(const Weights& w, const Node& hidden, GraphInputs& inputs) {
  const Node x = nn::linear(w / "proj_in", hidden);
  const int64_t width = nn::shape_of(x).back();
  const int64_t count = w.view("latents", {1, nn::kAny, width}).shape.at(1);
  Node latents = inputs.add("latents", {count, width});
  for (size_t i = 0; i < w.count("layers"); ++i) {
    const Weights layer = w / "layers" / i;
    latents = nn::add(latents, perceiver_attention(layer / 0, x, latents));
    latents = nn::add(latents, feed_forward(layer / 1, latents));
  }
  return nn::layer_norm(w / "norm_out", nn::linear(w / "proj_out", latents));
}

// embedding [1,E] -> [T,D]: one projection holds all tokens.
Node project(const Weights& w, const Node& embedding) {
  const Node all = nn::linear(w / "proj", embedding);
  const int64_t width = (w / "norm").view("weight", {nn::kAny}).shape.at(0);
  const int64_t values = nn::shape_of(all).back();
  if (width == 0 || values % width)
    throw Error(ErrorKind::CorruptFile,
                w.describe("proj.weight") + " has " + std::to_string(values) +
                    " rows, expected a multiple of " + std::to_string(width));
  return nn::layer_norm(w / "norm", nn::reshape(all, {values / width, width}));
}

}  // namespace

std::shared_ptr<ov::Model> image_projection(const Weights& w, const Shape& features) {
  GraphInputs inputs;
  const int64_t width = features.back();
  const Node x =
      nn::reshape(inputs.add("features", features), {element_count(features) / width, width});
  Node tokens;
  if (w.has("latents"))
    tokens = resample(w, x, inputs);
  else if (w.has("proj.0"))
    tokens = nn::layer_norm(w / "proj" / 3,
                            nn::linear(w / "proj" / 2, nn::gelu(nn::linear(w / "proj" / 0, x))));
  else
    tokens = project(w, x);
  const Shape shape = nn::shape_of(tokens);
  GraphOutputs outputs;
  outputs.add("tokens", nn::reshape(tokens, {1, shape[0], shape[1]}));
  return make_model("image_projection", inputs, outputs);
}

std::vector<CrossAttention> in_adapter_order(const std::vector<CrossAttention>& in_order_of_use) {
  std::vector<CrossAttention> ordered = in_order_of_use;
  std::ranges::stable_partition(ordered,
                                [](const auto& a) { return !a.name.starts_with("mid_block."); });
  return ordered;
}

std::shared_ptr<ov::Model> image_keys(const Weights& w,
                                      const std::vector<CrossAttention>& attentions,
                                      const Shape& tokens) {
  GraphInputs inputs;
  GraphOutputs outputs;
  const Node x = nn::reshape(inputs.add("tokens", tokens), {tokens.at(1), tokens.at(2)});
  size_t index = 1;
  for (const auto& [name, heads] : in_adapter_order(attentions)) {
    const Weights pair = w / index;
    outputs.add(name + ".ip_k", nn::split_heads(nn::linear(pair / "to_k_ip", x), 1, heads));
    outputs.add(name + ".ip_v", nn::split_heads(nn::linear(pair / "to_v_ip", x), 1, heads));
    index += 2;
  }
  return make_model("image_keys", inputs, outputs);
}

}  // namespace pentimento::models
