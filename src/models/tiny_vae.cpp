#include "models/tiny_vae.h"

#include <algorithm>

#include "base/error.h"
#include "models/graph.h"
#include "models/vae.h"
#include "nn/layers.h"

namespace pentimento::models {
namespace {

using nn::Node;
using nn::Weights;

// x = x + pool(x) in the wider kind;   y = relu(conv(relu(conv(relu(conv(x))))) + x)
Node block(const Weights& w, Node x) {
  if (w.has("pool")) {
    Node p = nn::conv2d(w / "pool" / 0, x);
    p = nn::relu(nn::group_norm(w / "pool" / 1, p, 4, 1e-5f));
    x = nn::add(x, nn::conv2d(w / "pool" / 3, p));
  }
  const Weights conv = w / "conv";
  Node h = nn::relu(nn::conv2d(conv / 0, x));
  h = nn::relu(nn::conv2d(conv / 2, h));
  h = nn::conv2d(conv / 4, h);
  return nn::relu(nn::add(h, w.has("skip") ? nn::conv2d(w / "skip", x) : x));
}

// The greatest layer number + 1; layers without weights (relu, upsampling) are gaps.
size_t layer_count(const Weights& layers) {
  size_t end = 0, gap = 0;
  for (size_t i = 0; gap < 4; ++i) {
    if (layers.has(std::to_string(i))) {
      end = i + 1;
      gap = 0;
    } else {
      ++gap;
    }
  }
  if (end == 0)
    throw Error(ErrorKind::CorruptFile,
                layers.describe("0") + " is missing, expected a tiny autoencoder's layers");
  return end;
}

// Convolutions with a bias keep the size (first and last); those without halve it.
Node encoder(const Weights& layers, Node x) {
  for (size_t i = 0; i < layer_count(layers); ++i) {
    const Weights layer = layers / i;
    if (layer.has("conv"))
      x = block(layer, x);
    else
      x = nn::conv2d(layer, x, {.stride = layer.has("bias") ? 1 : 2});
  }
  return x;
}

// A convolution without a bias follows an upsampling; the first one is followed by a relu.
Node decoder(const Weights& layers, Node x) {
  for (size_t i = 0; i < layer_count(layers); ++i) {
    const Weights layer = layers / i;
    if (layer.has("conv")) {
      x = block(layer, x);
    } else if (layer.has("bias")) {
      x = nn::conv2d(layer, x);
      if (i == 0) x = nn::relu(x);
    } else if (layer.has("weight")) {
      const Shape s = nn::shape_of(x);
      x = nn::conv2d(layer, nn::upsample_nearest(x, 2 * s[2], 2 * s[3]));
    }
  }
  return x;
}

}  // namespace

std::shared_ptr<ov::Model> tiny_vae_encoder(const Weights& w, const VaeConfig& config,
                                            int64_t height, int64_t width) {
  GraphInputs inputs;
  const Node picture = inputs.add("picture", {1, 3, height, width});
  const Node half = nn::scalar(0.5f);
  Node z = encoder(w / "encoder" / "layers", nn::add(nn::multiply(picture, half), half));
  GraphOutputs outputs;
  outputs.add("latent", scale_latent(z, config));
  return make_model("tiny_vae_encoder", inputs, outputs);
}

std::shared_ptr<ov::Model> tiny_vae_decoder(const Weights& w, const VaeConfig& config,
                                            int64_t height, int64_t width) {
  GraphInputs inputs;
  Node z = inputs.add("latent", {1, config.latent_channels, height, width});
  z = unscale_latent(z, config);
  z = nn::multiply(nn::tanh(nn::multiply(z, nn::scalar(1.0f / 3.0f))), nn::scalar(3.0f));
  const Node rgb = decoder(w / "decoder" / "layers", z);  // [0,1]
  GraphOutputs outputs;
  outputs.add("picture", nn::add(nn::multiply(rgb, nn::scalar(2.0f)), nn::scalar(-1.0f)));
  return make_model("tiny_vae_decoder", inputs, outputs);
}

}  // namespace pentimento::models
