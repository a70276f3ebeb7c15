#include "models/unet_blocks.h"

#include "base/error.h"
#include "models/resnet.h"
#include "nn/layers.h"

namespace pentimento::models {

using nn::Node;
using nn::Weights;

namespace {

// x: [N T,C] -> [N T,C]
Node self_attention(const Weights& w, const Node& x, int64_t batch, int heads) {
  const Node q = nn::split_heads(nn::linear(w / "to_q", x), batch, heads);
  const Node k = nn::split_heads(nn::linear(w / "to_k", x), batch, heads);
  const Node v = nn::split_heads(nn::linear(w / "to_v", x), batch, heads);
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

}  // namespace

// x: [N T,C] attends to the prompt, whose keys and values come ready; and, apart from it, to the
// image prompt (IP-Adapter, https://arxiv.org/abs/2308.06721), whose weight is in its values:
//   y = to_out(attention(q, k, v) + attention(q, ip_k, ip_v))
Node UnetBlocks::cross_attention(const Weights& w, const std::string& name, const Node& x,
                                 int heads) {
  const int64_t width = nn::shape_of(x).back() / heads;
  const Node q = nn::split_heads(nn::linear(w / "to_q", x), batch, heads);
  const auto seen = [&](const std::string& key, const std::string& value, int64_t length) {
    const Node k = inputs.add(name + key, {batch, heads, length, width});
    const Node v = inputs.add(name + value, {batch, heads, length, width});
    return nn::attention(q, k, v);
  };
  Node y = seen(".k", ".v", tokens);
  if (image_tokens) y = nn::add(y, seen(".ip_k", ".ip_v", image_tokens));
  return nn::linear(w / "to_out" / 0, nn::merge_heads(y));
}

//   x = x + attn1(norm1(x));   x = x + attn2(norm2(x), prompt);   y = x + ff(norm3(x))
// Without a prompt attn2 passes its input on (CatVTON): x = x + norm2(x).
Node UnetBlocks::transformer_block(const Weights& w, const std::string& name, Node x, int heads) {
  x = nn::add(x, self_attention(w / "attn1", nn::layer_norm(w / "norm1", x), batch, heads));
  const Node normed = nn::layer_norm(w / "norm2", x);
  x = nn::add(x, tokens ? cross_attention(w / "attn2", name + ".attn2", normed, heads) : normed);
  return nn::add(x, feed_forward(w / "ff", nn::layer_norm(w / "norm3", x)));
}

// Transformer2DModel. The projections are 1x1 convolutions (SD1) or linear (SD2, SDXL): the same
// map.
Node UnetBlocks::spatial_transformer(const Weights& w, const std::string& name, const Node& x,
                                     int heads) {
  Node h = nn::group_norm(w / "norm", x, config.norm_num_groups, 1e-6f);
  h = nn::linear(w / "proj_in", nn::image_to_tokens(h));
  for (size_t i = 0; i < w.count("transformer_blocks"); ++i) {
    const std::string inner = "transformer_blocks." + std::to_string(i);
    h = transformer_block(w / inner, name + "." + inner, h, heads);
  }
  h = nn::tokens_to_image(nn::linear(w / "proj_out", h), nn::shape_of(x));
  return nn::add(h, x);
}

Node UnetBlocks::resnet(const Weights& w, const Node& x) const {
  return resnet_block(w, x, config.norm_num_groups, 1e-5f, temb);
}

// Resnets, each followed by its transformer where the block has them.
Node UnetBlocks::down_block(const Weights& w, const std::string& name, Node x, int heads) {
  for (size_t j = 0; j < w.count("resnets"); ++j) {
    const std::string attention = "attentions." + std::to_string(j);
    x = resnet(w / "resnets" / j, x);
    if (w.has(attention)) x = spatial_transformer(w / attention, name + "." + attention, x, heads);
    skips.push_back(x);
  }
  if (w.has("downsamplers")) {
    x = nn::conv2d(w / "downsamplers" / 0 / "conv", x, {.stride = 2});
    skips.push_back(x);
  }
  return x;
}

Node UnetBlocks::way_down(const Weights& w, Node x) {
  skips.push_back(x);
  for (size_t i = 0; i < config.block_out_channels.size(); ++i) {
    const std::string name = "down_blocks." + std::to_string(i);
    x = down_block(w / name, name, x, config.attention_heads.at(i));
  }
  return x;
}

Node UnetBlocks::middle(const Weights& w, Node x) {
  if (!w.has("mid_block")) return x;
  const Weights mid = w / "mid_block";
  x = resnet(mid / "resnets" / 0, x);
  for (size_t j = 1; j < mid.count("resnets"); ++j) {
    const std::string attention = "attentions." + std::to_string(j - 1);
    if (mid.has(attention))
      x = spatial_transformer(mid / attention, "mid_block." + attention, x,
                              config.mid_attention_heads);
    x = resnet(mid / "resnets" / j, x);
  }
  return x;
}

Node UnetBlocks::up_block(const Weights& w, const std::string& name, Node x, int heads) {
  for (size_t j = 0; j < w.count("resnets"); ++j) {
    if (skips.empty())
      throw Error(ErrorKind::CorruptFile,
                  w.describe("resnets." + std::to_string(j)) +
                      " has no partner on the way down; the file is incomplete");
    const std::string attention = "attentions." + std::to_string(j);
    x = resnet(w / "resnets" / j, nn::concat({x, skips.back()}, 1));
    skips.pop_back();
    if (w.has(attention)) x = spatial_transformer(w / attention, name + "." + attention, x, heads);
  }
  if (w.has("upsamplers")) {
    // To the size of the skip that comes next: twice as large, less one where it was odd.
    const Shape next = nn::shape_of(skips.back());
    x = nn::conv2d(w / "upsamplers" / 0 / "conv", nn::upsample_nearest(x, next[2], next[3]));
  }
  return x;
}

Node UnetBlocks::way_up(const Weights& w, Node x) {
  const size_t levels = config.block_out_channels.size();
  for (size_t i = 0; i < levels; ++i) {
    const std::string name = "up_blocks." + std::to_string(i);
    x = up_block(w / name, name, x, config.attention_heads.at(levels - 1 - i));
  }
  if (!skips.empty())
    throw Error(ErrorKind::CorruptFile,
                w.describe("up_blocks") + ": " + std::to_string(skips.size()) +
                    " outputs of the way down are not used; the file is incomplete");
  return x;
}

// MLP of the sinusoids, plus what the condition adds.
void UnetBlocks::embed_time(const Weights& w) {
  const int64_t c0 = config.block_out_channels.at(0);
  Node t = inputs.add("time", {1, c0});
  if (config.time_cond_proj) t = nn::add(t, inputs.add("guidance_embedding", {batch, c0}));
  t = nn::linear(w / "time_embedding" / "linear_1", t);
  t = nn::linear(w / "time_embedding" / "linear_2", nn::silu(t));
  if (config.added_channels)
    t = nn::add(t, inputs.add("added_embedding", {batch, config.time_embed_dim}));
  temb = nn::silu(t);
}

}  // namespace pentimento::models
