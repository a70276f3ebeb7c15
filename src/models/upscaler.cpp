#include "models/upscaler.h"

#include <algorithm>
#include <string>
#include <vector>

#include "models/graph.h"
#include "nn/layers.h"

namespace pentimento::models {
namespace {

using nn::Node;
using nn::Weights;

constexpr float kSlope = 0.2f;     // of the leaky ReLU
constexpr float kResidual = 0.2f;  // share of what a block adds

Node lrelu(const Node& x) { return nn::leaky_relu(x, kSlope); }

Node add_scaled(const Node& x, const Node& residual) {
  return nn::add(x, nn::multiply(residual, nn::scalar(kResidual)));
}

Node enlarged(const Node& x, int64_t factor) {
  const Shape s = nn::shape_of(x);
  return factor == 1 ? x : nn::upsample_nearest(x, s[2] * factor, s[3] * factor);
}

Node dense_block(const Weights& w, const Node& x) {
  std::vector<Node> seen{x};
  for (const char* name : {"conv1", "conv2", "conv3", "conv4"})
    seen.push_back(lrelu(nn::conv2d(w / name, seen.size() == 1 ? x : nn::concat(seen, 1))));
  return add_scaled(x, nn::conv2d(w / "conv5", nn::concat(seen, 1)));
}

Node body(const Weights& w, const UpscalerConfig& config, const Node& picture) {
  const Node x = config.unshuffle == 1 ? picture : nn::pixel_unshuffle(picture, config.unshuffle);
  const Node first = nn::conv2d(w / "conv_first", x);
  Node h = first;
  for (int n = 0; n < config.blocks; ++n) {
    const Weights block = w / "body" / static_cast<size_t>(n);
    Node d = h;
    for (const char* name : {"rdb1", "rdb2", "rdb3"}) d = dense_block(block / name, d);
    h = add_scaled(h, d);
  }
  return nn::add(first, nn::conv2d(w / "conv_body", h));
}

Node head(const Weights& w, const UpscalerConfig& config, const Node& features) {
  Node h = features;
  for (int i = 1; i <= config.doublings; ++i)
    h = lrelu(nn::conv2d(w / ("conv_up" + std::to_string(i)), enlarged(h, 2)));
  return nn::conv2d(w / "conv_last", lrelu(nn::conv2d(w / "conv_hr", h)));
}

Node compact_net(const Weights& w, const UpscalerConfig& config, const Node& picture) {
  const Weights body = w / "body";
  Node h = picture;
  for (size_t i = 0; i <= static_cast<size_t>(config.blocks); ++i)
    h = nn::prelu(body / (2 * i + 1), nn::conv2d(body / (2 * i), h));
  h = nn::conv2d(body / static_cast<size_t>(2 * config.blocks + 2), h);
  if (config.scale > 1) h = nn::pixel_shuffle(h, config.scale);
  return nn::add(h, enlarged(picture, config.scale));
}

}  // namespace

std::shared_ptr<ov::Model> upscaler(const Weights& w, const UpscalerConfig& config, int64_t height,
                                    int64_t width) {
  GraphInputs inputs;
  const Node picture = inputs.add("picture", {1, 3, height, width});
  GraphOutputs outputs;
  outputs.add("enlarged", config.kind == UpscalerConfig::Kind::Rrdb
                              ? head(w, config, body(w, config, picture))
                              : compact_net(w, config, picture));
  return make_model("upscaler", inputs, outputs);
}

std::shared_ptr<ov::Model> upscaler_body(const Weights& w, const UpscalerConfig& config,
                                         int64_t height, int64_t width) {
  GraphInputs inputs;
  GraphOutputs outputs;
  outputs.add("features", body(w, config, inputs.add("picture", {1, 3, height, width})));
  return make_model("upscaler_body", inputs, outputs);
}

std::shared_ptr<ov::Model> upscaler_head(const Weights& w, const UpscalerConfig& config,
                                         int64_t height, int64_t width) {
  GraphInputs inputs;
  GraphOutputs outputs;
  const Node features = inputs.add("features", {1, config.features, height, width});
  outputs.add("enlarged", head(w, config, features));
  return make_model("upscaler_head", inputs, outputs);
}

int upscaler_margin(const UpscalerConfig& config) {
  if (config.kind == UpscalerConfig::Kind::Compact) return config.blocks + 2;
  const int exact = (15 * config.blocks + 2) * config.unshuffle + kUpscalerHeadMargin_px;
  return std::min(exact, 48 * config.unshuffle);
}

}  // namespace pentimento::models
