// The vocabulary of the networks: free functions that add a layer to an OpenVINO graph.
// Letters: N batch, C channels, H W rows and columns, T tokens, D features. Shapes are static.
// Names and numerics are PyTorch's (torch.nn.functional). Each layer takes the scope of its weights
// and asks there for "weight" and "bias" in the shape it expects.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/weights.h"

namespace pentimento::nn {

Shape shape_of(const Node& x);
Node scalar(float value);
Node constant(const Shape& shape, const std::vector<float>& values);  // one value fills it

// --- convolutions and matrices ---------------------------------------------------------------
struct Conv {
  int stride = 1;
  enum class Padding {
    Same,         // K odd
    BottomRight,  // one row and column
    None          // patches: any K
  } padding = Padding::Same;
};
// x [N,Cin,H,W], weight [Cout,Cin,K,K] -> [N,Cout,H',W']; bias where the file has one.
Node conv2d(const Weights& w, const Node& x, const Conv& options = {});
// x [..., Din], weight [Dout,Din] (or a 1x1 convolution) -> [..., Dout].
Node linear(const Weights& w, const Node& x);
// The same with output features [begin, end) only.
Node linear_rows(const Weights& w, const Node& x, int64_t begin, int64_t end);

// --- normalisation ---------------------------------------------------------------------------
// x [N,C,H,W]: each of `groups` groups of channels to mean 0, variance 1, then weight, bias per
// channel.
Node group_norm(const Weights& w, const Node& x, int groups, float eps);
// x [..., D]: the last dimension to mean 0, variance 1, then weight, bias.
Node layer_norm(const Weights& w, const Node& x, float eps = 1e-5f);

// --- activations -----------------------------------------------------------------------------
Node relu(const Node& x);
Node silu(const Node& x);        // x * sigmoid(x)
Node gelu(const Node& x);        // x * Phi(x), by erf
Node quick_gelu(const Node& x);  // x * sigmoid(1.702 x)
Node tanh(const Node& x);
Node leaky_relu(const Node& x, float slope);  // x where x > 0, else slope * x
// The same with a slope for each channel: x [N,C,H,W], weight [C].
Node prelu(const Weights& w, const Node& x);

// --- arithmetic ------------------------------------------------------------------------------
Node add(const Node& a, const Node& b);  // extents of 1 broadcast
Node multiply(const Node& a, const Node& b);
// x [N,C,H,W] + v [N or 1,C]
Node add_per_channel(const Node& x, const Node& v);

// --- attention -------------------------------------------------------------------------------
// Tokens are rows, those of all pictures under one another: one matrix [N T,D] multiplies faster
// than N of [T,D].   [N T,D] -> [N,heads,T,D/heads] and back.
Node split_heads(const Node& x, int64_t batch, int heads);
Node merge_heads(const Node& x);
enum class Mask { None, Causal };
// softmax(q k^T / sqrt(d)) v for q [N,heads,Tq,d], k and v [N,heads,Tk,d].
Node attention(const Node& q, const Node& k, const Node& v, Mask mask = Mask::None);

// --- shapes ----------------------------------------------------------------------------------
Node concat(const std::vector<Node>& parts, int64_t axis);
Node slice(const Node& x, int64_t axis, int64_t begin, int64_t end);
Node reshape(const Node& x, const Shape& shape);
Node transpose(const Node& x, const std::vector<int64_t>& order);
// [N,C,H,W] -> [N H W,C], and back to an image of that shape.
Node image_to_tokens(const Node& x);
Node tokens_to_image(const Node& x, const Shape& image);
// Rows of `x` along `axis` at the integer positions `index` [K].
Node gather(const Node& x, const Node& index, int64_t axis);
// x [N,C,H,W] -> [N,C,height,width], each output taking the source pixel floor(i * in / out).
Node upsample_nearest(const Node& x, int64_t height, int64_t width);
// [N,C r r,H,W] -> [N,C,H r,W r] and back: channel c r r + i r + j <-> pixel (i, j) of each square.
Node pixel_shuffle(const Node& x, int64_t r);
Node pixel_unshuffle(const Node& x, int64_t r);

}  // namespace pentimento::nn
