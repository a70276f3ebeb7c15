// The blocks that the UNet and its trainable copies (ControlNet) are made of. Names and numerics
// are diffusers' (DownBlock2D, CrossAttnDownBlock2D, UNetMidBlock2DCrossAttn …); which of them a
// file has is read off its names. For models/ only.
#pragma once

#include <string>
#include <vector>

#include "models/graph.h"
#include "weights/model_config.h"

namespace pentimento::models {

// One description in progress: what every block needs beside its own weights.
struct UnetBlocks {
  const UnetConfig& config;
  int64_t batch = 1;
  int64_t tokens = 77;       // length of the context; 0: cross-attention passes its input on
  int64_t image_tokens = 0;  // length of the image prompt, 0 without one
  GraphInputs& inputs;
  nn::Node temb;                // silu(time embedding) [1 or N,D]
  std::vector<nn::Node> skips;  // outputs of the way down, taken back on the way up

  // The step's own embedding, from the inputs time [1,C0], guidance_embedding [N,C0] and
  // added_embedding [N,D] where the model has them.
  void embed_time(const nn::Weights& w);
  // x: output of conv_in; each output is appended to skips, x too.
  nn::Node way_down(const nn::Weights& w, nn::Node x);
  nn::Node middle(const nn::Weights& w, nn::Node x);  // x itself where the file has no mid block
  nn::Node way_up(const nn::Weights& w, nn::Node x);

 private:
  nn::Node resnet(const nn::Weights& w, const nn::Node& x) const;
  nn::Node cross_attention(const nn::Weights& w, const std::string& name, const nn::Node& x,
                           int heads);
  nn::Node transformer_block(const nn::Weights& w, const std::string& name, nn::Node x, int heads);
  nn::Node spatial_transformer(const nn::Weights& w, const std::string& name, const nn::Node& x,
                               int heads);
  nn::Node down_block(const nn::Weights& w, const std::string& name, nn::Node x, int heads);
  nn::Node up_block(const nn::Weights& w, const std::string& name, nn::Node x, int heads);
};

}  // namespace pentimento::models
