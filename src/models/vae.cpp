#include "models/vae.h"

#include "models/graph.h"
#include "models/resnet.h"
#include "nn/layers.h"

namespace pentimento::models {
namespace {

using nn::Node;
using nn::Weights;

constexpr float kEps = 1e-6f;

Node resnets(const Weights& w, Node x, int groups) {
  for (size_t j = 0; j < w.count("resnets"); ++j)
    x = resnet_block(w / "resnets" / j, x, groups, kEps);
  return x;
}

// One head over all pixels.   y = x + to_out(attention(to_q(h), to_k(h), to_v(h))), h =
// group_norm(x)
Node pixel_attention(const Weights& w, const Node& x, int groups) {
  const Node h = nn::image_to_tokens(nn::group_norm(w / "group_norm", x, groups, kEps));
  const Node q = nn::split_heads(nn::linear(w / "to_q", h), 1, 1);
  const Node k = nn::split_heads(nn::linear(w / "to_k", h), 1, 1);
  const Node v = nn::split_heads(nn::linear(w / "to_v", h), 1, 1);
  const Node seen = nn::linear(w / "to_out" / 0, nn::merge_heads(nn::attention(q, k, v)));
  return nn::add(x, nn::tokens_to_image(seen, nn::shape_of(x)));
}

Node mid_block(const Weights& w, Node x, int groups) {
  x = resnet_block(w / "resnets" / 0, x, groups, kEps);
  if (w.has("attentions.0")) x = pixel_attention(w / "attentions" / 0, x, groups);
  return resnet_block(w / "resnets" / 1, x, groups, kEps);
}

Node encoder(const Weights& w, Node x, int groups) {
  x = nn::conv2d(w / "conv_in", x);
  for (size_t i = 0; i < w.count("down_blocks"); ++i) {
    const Weights block = w / "down_blocks" / i;
    x = resnets(block, x, groups);
    if (block.has("downsamplers"))
      x = nn::conv2d(block / "downsamplers" / 0 / "conv", x,
                     {.stride = 2, .padding = nn::Conv::Padding::BottomRight});
  }
  x = mid_block(w / "mid_block", x, groups);
  x = nn::silu(nn::group_norm(w / "conv_norm_out", x, groups, kEps));
  return nn::conv2d(w / "conv_out", x);
}

Node decoder(const Weights& w, Node x, int groups) {
  x = nn::conv2d(w / "conv_in", x);
  x = mid_block(w / "mid_block", x, groups);
  for (size_t i = 0; i < w.count("up_blocks"); ++i) {
    const Weights block = w / "up_blocks" / i;
    x = resnets(block, x, groups);
    if (block.has("upsamplers")) {
      const Shape s = nn::shape_of(x);
      x = nn::conv2d(block / "upsamplers" / 0 / "conv",
                     nn::upsample_nearest(x, 2 * s[2], 2 * s[3]));
    }
  }
  x = nn::silu(nn::group_norm(w / "conv_norm_out", x, groups, kEps));
  return nn::conv2d(w / "conv_out", x);
}

// a x + b, with one a and b for all channels or one for each.
Node affine(const Node& x, const std::vector<float>& a, const std::vector<float>& b) {
  auto constants = [](const std::vector<float>& values) {
    return nn::constant({1, static_cast<int64_t>(values.size()), 1, 1}, values);
  };
  return nn::add(nn::multiply(x, constants(a)), constants(b));
}

}  // namespace

Node scale_latent(const Node& z, const VaeConfig& config) {
  std::vector<float> a, b;
  const size_t n = config.latents_std.empty() ? 1 : config.latents_std.size();
  for (size_t c = 0; c < n; ++c) {
    const float mean =
        config.latents_mean.empty() ? config.shift_factor : config.latents_mean.at(c);
    const float std = config.latents_std.empty() ? 1.0f : config.latents_std[c];
    a.push_back(config.scaling_factor / std);
    b.push_back(-mean * config.scaling_factor / std);
  }
  return affine(z, a, b);
}

Node unscale_latent(const Node& z, const VaeConfig& config) {
  std::vector<float> a, b;
  const size_t n = config.latents_std.empty() ? 1 : config.latents_std.size();
  for (size_t c = 0; c < n; ++c) {
    const float std = config.latents_std.empty() ? 1.0f : config.latents_std[c];
    a.push_back(std / config.scaling_factor);
    b.push_back(config.latents_mean.empty() ? config.shift_factor : config.latents_mean.at(c));
  }
  return affine(z, a, b);
}

std::shared_ptr<ov::Model> vae_encoder(const Weights& w, const VaeConfig& config, int64_t height,
                                       int64_t width) {
  GraphInputs inputs;
  const Node picture = inputs.add("picture", {1, 3, height, width});
  Node moments = encoder(w / "encoder", picture, config.norm_num_groups);
  if (w.has("quant_conv")) moments = nn::conv2d(w / "quant_conv", moments);
  const Node mean = nn::slice(moments, 1, 0, config.latent_channels);
  GraphOutputs outputs;
  outputs.add("latent", scale_latent(mean, config));
  return make_model("vae_encoder", inputs, outputs);
}

std::shared_ptr<ov::Model> vae_decoder(const Weights& w, const VaeConfig& config, int64_t height,
                                       int64_t width) {
  GraphInputs inputs;
  const Node latent = inputs.add("latent", {1, config.latent_channels, height, width});
  Node z = unscale_latent(latent, config);
  if (w.has("post_quant_conv")) z = nn::conv2d(w / "post_quant_conv", z);
  GraphOutputs outputs;
  outputs.add("picture", decoder(w / "decoder", z, config.norm_num_groups));
  return make_model("vae_decoder", inputs, outputs);
}

}  // namespace pentimento::models
