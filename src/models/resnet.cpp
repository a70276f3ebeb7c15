#include "models/resnet.h"

#include "nn/layers.h"

namespace pentimento::models {

nn::Node resnet_block(const nn::Weights& w, const nn::Node& x, int groups, float eps,
                      const nn::Node& silu_temb) {
  nn::Node h = nn::conv2d(w / "conv1", nn::silu(nn::group_norm(w / "norm1", x, groups, eps)));
  if (silu_temb.get_node()) h = nn::add_per_channel(h, nn::linear(w / "time_emb_proj", silu_temb));
  h = nn::conv2d(w / "conv2", nn::silu(nn::group_norm(w / "norm2", h, groups, eps)));
  return nn::add(h, w.has("conv_shortcut") ? nn::conv2d(w / "conv_shortcut", x) : x);
}

}  // namespace pentimento::models
