#include "models/unet.h"

#include <cmath>

#include "base/error.h"
#include "models/graph.h"
#include "models/resnet.h"
#include "nn/layers.h"

namespace pentimento::models {
namespace {

using nn::Node;
using nn::Weights;

// One description in progress: what every block needs beside its own weights.
struct Unet {
  const UnetConfig& config;
  const UnetShape& shape;
  GraphInputs& inputs;
  Node temb;                // silu(time embedding) [1 or N, D]
  std::vector<Node> skips;  // outputs of the way down, taken back on the way up
};

// x: [N T,C] -> [N T,C]
Node self_attention(const Unet& net, const Weights& w, const Node& x, int heads) {
  const int64_t n = net.shape.batch;
  const Node q = nn::split_heads(nn::linear(w / "to_q", x), n, heads);
  const Node k = nn::split_heads(nn::linear(w / "to_k", x), n, heads);
  const Node v = nn::split_heads(nn::linear(w / "to_v", x), n, heads);
  return nn::linear(w / "to_out" / 0, nn::merge_heads(nn::attention(q, k, v)));
}

// x: [N T,C] attends to the prompt, whose keys and values come ready.
Node cross_attention(Unet& net, const Weights& w, const std::string& name, const Node& x,
                     int heads) {
  const int64_t n = net.shape.batch, width = nn::shape_of(x).back() / heads;
  const Node q = nn::split_heads(nn::linear(w / "to_q", x), n, heads);
  const Node k = net.inputs.add(name + ".k", {n, heads, net.shape.tokens, width});
  const Node v = net.inputs.add(name + ".v", {n, heads, net.shape.tokens, width});
  return nn::linear(w / "to_out" / 0, nn::merge_heads(nn::attention(q, k, v)));
}

// GEGLU (Shazeer 2020): (value * gelu(gate)) W_out, value and gate being the halves of one
// projection.
Node feed_forward(const Weights& w, const Node& x) {
  const Weights proj = w / "net" / 0 / "proj";
  const int64_t features = proj.view("weight", {nn::kAny, nn::shape_of(x).back()}).shape.at(0);
  const Node value = nn::linear_rows(proj, x, 0, features / 2);
  const Node gate = nn::linear_rows(proj, x, features / 2, features);
  return nn::linear(w / "net" / 2, nn::multiply(value, nn::gelu(gate)));
}

//   x = x + attn1(norm1(x));   x = x + attn2(norm2(x), prompt);   y = x + ff(norm3(x))
Node transformer_block(Unet& net, const Weights& w, const std::string& name, Node x, int heads) {
  x = nn::add(x, self_attention(net, w / "attn1", nn::layer_norm(w / "norm1", x), heads));
  x = nn::add(
      x, cross_attention(net, w / "attn2", name + ".attn2", nn::layer_norm(w / "norm2", x), heads));
  return nn::add(x, feed_forward(w / "ff", nn::layer_norm(w / "norm3", x)));
}

// Transformer2DModel. The projections are 1x1 convolutions (SD1) or linear (SD2, SDXL): the same
// map.
Node spatial_transformer(Unet& net, const Weights& w, const std::string& name, const Node& x,
                         int heads) {
  Node h = nn::group_norm(w / "norm", x, net.config.norm_num_groups, 1e-6f);
  h = nn::linear(w / "proj_in", nn::image_to_tokens(h));
  for (size_t i = 0; i < w.count("transformer_blocks"); ++i) {
    const std::string inner = "transformer_blocks." + std::to_string(i);
    h = transformer_block(net, w / inner, name + "." + inner, h, heads);
  }
  h = nn::tokens_to_image(nn::linear(w / "proj_out", h), nn::shape_of(x));
  return nn::add(h, x);
}

Node resnet(Unet& net, const Weights& w, const Node& x) {
  return resnet_block(w, x, net.config.norm_num_groups, 1e-5f, net.temb);
}

// Resnets, each followed by its transformer where the block has them.
Node down_block(Unet& net, const Weights& w, const std::string& name, Node x, int heads) {
  for (size_t j = 0; j < w.count("resnets"); ++j) {
    const std::string attention = "attentions." + std::to_string(j);
    x = resnet(net, w / "resnets" / j, x);
    if (w.has(attention))
      x = spatial_transformer(net, w / attention, name + "." + attention, x, heads);
    net.skips.push_back(x);
  }
  if (w.has("downsamplers")) {
    x = nn::conv2d(w / "downsamplers" / 0 / "conv", x, {.stride = 2});
    net.skips.push_back(x);
  }
  return x;
}

Node mid_block(Unet& net, const Weights& w, Node x) {
  x = resnet(net, w / "resnets" / 0, x);
  for (size_t j = 1; j < w.count("resnets"); ++j) {
    const std::string attention = "attentions." + std::to_string(j - 1);
    if (w.has(attention))
      x = spatial_transformer(net, w / attention, "mid_block." + attention, x,
                              net.config.mid_attention_heads);
    x = resnet(net, w / "resnets" / j, x);
  }
  return x;
}

Node up_block(Unet& net, const Weights& w, const std::string& name, Node x, int heads) {
  for (size_t j = 0; j < w.count("resnets"); ++j) {
    if (net.skips.empty())
      throw Error(ErrorKind::CorruptFile,
                  w.describe("resnets." + std::to_string(j)) +
                      " has no partner on the way down; the file is incomplete");
    const std::string attention = "attentions." + std::to_string(j);
    x = resnet(net, w / "resnets" / j, nn::concat({x, net.skips.back()}, 1));
    net.skips.pop_back();
    if (w.has(attention))
      x = spatial_transformer(net, w / attention, name + "." + attention, x, heads);
  }
  if (w.has("upsamplers")) {
    // To the size of the skip that comes next: twice as large, less one where it was odd.
    const Shape next = nn::shape_of(net.skips.back());
    x = nn::conv2d(w / "upsamplers" / 0 / "conv", nn::upsample_nearest(x, next[2], next[3]));
  }
  return x;
}

// The step's own embedding: MLP of the sinusoids, plus what the condition adds.
Node time_embedding(Unet& net, const Weights& w) {
  const int64_t c0 = net.config.block_out_channels.at(0), n = net.shape.batch;
  Node t = net.inputs.add("time", {1, c0});
  if (net.config.time_cond_proj) t = nn::add(t, net.inputs.add("guidance_embedding", {n, c0}));
  t = nn::linear(w / "time_embedding" / "linear_1", t);
  t = nn::linear(w / "time_embedding" / "linear_2", nn::silu(t));
  if (net.config.added_channels)
    t = nn::add(t, net.inputs.add("added_embedding", {n, net.config.time_embed_dim}));
  return nn::silu(t);
}

}  // namespace

std::shared_ptr<ov::Model> unet(const Weights& w, const UnetConfig& config,
                                const UnetShape& shape) {
  GraphInputs inputs;
  const Node sample =
      inputs.add("sample", {shape.batch, config.in_channels, shape.height, shape.width});
  Unet net{config, shape, inputs, {}, {}};
  net.temb = time_embedding(net, w);

  Node x = nn::conv2d(w / "conv_in", sample);
  net.skips.push_back(x);
  const size_t levels = config.block_out_channels.size();
  for (size_t i = 0; i < levels; ++i) {
    const std::string name = "down_blocks." + std::to_string(i);
    x = down_block(net, w / name, name, x, config.attention_heads.at(i));
  }
  if (w.has("mid_block")) x = mid_block(net, w / "mid_block", x);
  for (size_t i = 0; i < levels; ++i) {
    const std::string name = "up_blocks." + std::to_string(i);
    x = up_block(net, w / name, name, x, config.attention_heads.at(levels - 1 - i));
  }
  if (!net.skips.empty())
    throw Error(ErrorKind::CorruptFile,
                w.describe("up_blocks") + ": " + std::to_string(net.skips.size()) +
                    " outputs of the way down are not used; the file is incomplete");
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
