#include "models/controlnet.h"

#include "base/error.h"
#include "models/graph.h"
#include "models/unet_blocks.h"
#include "nn/layers.h"

namespace pentimento::models {

using nn::Node;
using nn::Weights;

size_t controlnet_residuals(const Weights& w) { return w.count("controlnet_down_blocks") + 1; }

std::shared_ptr<ov::Model> controlnet(const Weights& w, const UnetConfig& config,
                                      const UnetShape& shape) {
  GraphInputs inputs;
  const Node sample =
      inputs.add("sample", {shape.batch, config.in_channels, shape.height, shape.width});
  UnetBlocks net{.config = config,
                 .batch = shape.batch,
                 .tokens = shape.tokens,
                 .inputs = inputs,
                 .temb = {},
                 .skips = {}};
  net.embed_time(w);
  Node x = nn::conv2d(w / "conv_in", sample);
  const Shape first = nn::shape_of(x);
  x = nn::add(x, inputs.add("hint", {1, first[1], first[2], first[3]}));
  x = net.middle(w, net.way_down(w, x));

  if (net.skips.size() + 1 != controlnet_residuals(w))
    throw Error(ErrorKind::CorruptFile,
                w.describe("controlnet_down_blocks") + " and its neighbours are " +
                    std::to_string(controlnet_residuals(w) - 1) + ", expected " +
                    std::to_string(net.skips.size()) + "; the file is incomplete");
  GraphOutputs outputs;
  size_t i = 0;
  for (; i < net.skips.size(); ++i)
    outputs.add("residual." + std::to_string(i),
                nn::conv2d(w / "controlnet_down_blocks" / i, net.skips[i]));
  outputs.add("residual." + std::to_string(i), nn::conv2d(w / "controlnet_mid_block", x));
  return make_model("controlnet", inputs, outputs);
}

std::shared_ptr<ov::Model> controlnet_hint(const Weights& w, int64_t height_px, int64_t width_px) {
  const Weights embedding = w / "controlnet_cond_embedding";
  GraphInputs inputs;
  Node x = inputs.add("picture", {1, 3, height_px, width_px});
  x = nn::silu(nn::conv2d(embedding / "conv_in", x));
  for (size_t i = 0; i < embedding.count("blocks"); ++i)
    x = nn::silu(nn::conv2d(embedding / "blocks" / i, x, {.stride = i % 2 ? 2 : 1}));
  GraphOutputs outputs;
  outputs.add("hint", nn::conv2d(embedding / "conv_out", x));
  return make_model("controlnet_hint", inputs, outputs);
}

}  // namespace pentimento::models
