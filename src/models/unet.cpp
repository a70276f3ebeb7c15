#include "models/unet.h"

#include <cmath>

#include "base/error.h"
#include "models/graph.h"
#include "models/unet_blocks.h"
#include "nn/layers.h"

namespace pentimento::models {

using nn::Node;
using nn::Weights;

namespace {

// Adds what ControlNets found to the outputs of the way down and of the middle, in that order.
Node add_residuals(UnetBlocks& net, const Node& middle) {
  auto input = [&, i = 0](const Node& to) mutable {
    return nn::add(to, net.inputs.add("residual." + std::to_string(i++), nn::shape_of(to)));
  };
  for (Node& skip : net.skips) skip = input(skip);
  return input(middle);
}

}  // namespace

std::shared_ptr<ov::Model> unet(const Weights& w, const UnetConfig& config,
                                const UnetShape& shape) {
  GraphInputs inputs;
  const Node sample =
      inputs.add("sample", {shape.batch, config.in_channels, shape.height, shape.width});
  UnetBlocks net{.config = config,
                 .batch = shape.batch,
                 .tokens = shape.tokens,
                 .image_tokens = shape.image_tokens,
                 .inputs = inputs,
                 .temb = {},
                 .skips = {}};
  net.embed_time(w);
  Node x = nn::conv2d(w / "conv_in", sample);
  x = net.way_down(w, x);
  x = net.middle(w, x);
  if (shape.residuals) x = add_residuals(net, x);
  x = net.way_up(w, x);
  x = nn::silu(nn::group_norm(w / "conv_norm_out", x, config.norm_num_groups, 1e-5f));

  GraphOutputs outputs;
  outputs.add("prediction", nn::conv2d(w / "conv_out", x));
  return make_model("unet", inputs, outputs);
}

std::vector<CrossAttention> cross_attentions(const Weights& w, const UnetConfig& config) {
  std::vector<CrossAttention> found;
  auto collect = [&](const std::string& block, int heads) {
    const std::string list = block + ".attentions";
    for (size_t j = 0; j < w.count(list); ++j) {
      const std::string blocks = list + "." + std::to_string(j) + ".transformer_blocks";
      for (size_t i = 0; i < w.count(blocks); ++i)
        found.push_back({blocks + "." + std::to_string(i) + ".attn2", heads});
    }
  };
  const size_t levels = config.block_out_channels.size();
  for (size_t i = 0; i < levels; ++i)
    collect("down_blocks." + std::to_string(i), config.attention_heads.at(i));
  collect("mid_block", config.mid_attention_heads);
  for (size_t i = 0; i < levels; ++i)
    collect("up_blocks." + std::to_string(i), config.attention_heads.at(levels - 1 - i));
  return found;
}

int64_t guidance_width(const Weights& w, const UnetConfig& config) {
  if (!config.time_cond_proj) return 0;
  return (w / "time_embedding" / "cond_proj")
      .view("weight", {config.block_out_channels.at(0), nn::kAny})
      .shape.at(1);
}

std::shared_ptr<ov::Model> unet_conditioning(const Weights& w, const UnetConfig& config,
                                             int64_t tokens) {
  GraphInputs inputs;
  GraphOutputs outputs;
  const Node context = nn::reshape(inputs.add("context", {1, tokens, config.cross_attention_dim}),
                                   {tokens, config.cross_attention_dim});
  for (const auto& [name, heads] : cross_attentions(w, config)) {
    outputs.add(name + ".k", nn::split_heads(nn::linear(w / name / "to_k", context), 1, heads));
    outputs.add(name + ".v", nn::split_heads(nn::linear(w / name / "to_v", context), 1, heads));
  }
  if (config.added_channels) {
    const Node added = inputs.add("added", {1, config.added_channels});
    const Node h = nn::silu(nn::linear(w / "add_embedding" / "linear_1", added));
    outputs.add("added_embedding", nn::linear(w / "add_embedding" / "linear_2", h));
  }
  if (config.time_cond_proj) {
    const Node guidance = inputs.add("guidance", {1, guidance_width(w, config)});
    outputs.add("guidance_embedding", nn::linear(w / "time_embedding" / "cond_proj", guidance));
  }
  return make_model("unet_conditioning", inputs, outputs);
}

Tensor timestep_sinusoids(double timestep, int64_t width) {
  const int64_t half = width / 2;
  Tensor result({1, width});
  for (int64_t i = 0; i < half; ++i) {
    const double angle = timestep * std::exp(-std::log(10000.0) * static_cast<double>(i) /
                                             static_cast<double>(half));
    result.data[i] = static_cast<float>(std::cos(angle));
    result.data[half + i] = static_cast<float>(std::sin(angle));
  }
  return result;
}

Tensor guidance_sinusoids(double w, int64_t width) {
  const int64_t half = width / 2;
  Tensor result({1, width});
  for (int64_t i = 0; i < half; ++i) {
    const double angle =
        1000.0 * w *
        std::exp(-std::log(10000.0) * static_cast<double>(i) / static_cast<double>(half - 1));
    result.data[i] = static_cast<float>(std::sin(angle));
    result.data[half + i] = static_cast<float>(std::cos(angle));
  }
  return result;
}

}  // namespace pentimento::models
