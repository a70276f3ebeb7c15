#include "nn/layers.h"

#include <cmath>

#include "base/error.h"
#include "openvino/op/add.hpp"
#include "openvino/op/concat.hpp"
#include "openvino/op/constant.hpp"
#include "openvino/op/convolution.hpp"
#include "openvino/op/depth_to_space.hpp"
#include "openvino/op/gather.hpp"
#include "openvino/op/gelu.hpp"
#include "openvino/op/group_normalization.hpp"
#include "openvino/op/interpolate.hpp"
#include "openvino/op/matmul.hpp"
#include "openvino/op/multiply.hpp"
#include "openvino/op/mvn.hpp"
#include "openvino/op/prelu.hpp"
#include "openvino/op/relu.hpp"
#include "openvino/op/reshape.hpp"
#include "openvino/op/scaled_dot_product_attention.hpp"
#include "openvino/op/slice.hpp"
#include "openvino/op/space_to_depth.hpp"
#include "openvino/op/swish.hpp"
#include "openvino/op/tanh.hpp"
#include "openvino/op/transpose.hpp"

namespace pentimento::nn {
namespace {

namespace op = ov::op;

template <class Op, class... Args>
Node make(Args&&... args) {
  return std::make_shared<Op>(std::forward<Args>(args)...)->output(0);
}

Node integers(const std::vector<int64_t>& values) {
  return make<op::v0::Constant>(ov::element::i64, ov::Shape{values.size()}, values);
}

// y + bias, the bias of D features laid along `axis` of a value of rank `rank`.
Node add_bias(const Weights& w, const Node& y, int64_t features, size_t rank, size_t axis,
              int64_t begin, int64_t end) {
  if (!w.has("bias")) return y;
  Shape shape(rank, 1);
  shape[axis] = end - begin;
  return add(y, reshape(w.rows("bias", {features}, begin, end), shape));
}

}  // namespace

Shape shape_of(const Node& x) {
  const ov::Shape& shape = x.get_shape();
  return Shape(shape.begin(), shape.end());
}

Node scalar(float value) { return make<op::v0::Constant>(ov::element::f32, ov::Shape{}, value); }

Node constant(const Shape& shape, const std::vector<float>& values) {
  return make<op::v0::Constant>(ov::element::f32, ov::Shape(shape.begin(), shape.end()), values);
}

Node conv2d(const Weights& w, const Node& x, const Conv& options) {
  const int64_t channels = shape_of(x).at(1);
  const Shape found = w.view("weight", {kAny, channels, kAny, kAny}).shape;
  const bool is_matrix = found.size() == 2;  // a 1x1 convolution stored as a linear layer
  const int64_t kernel = is_matrix ? 1 : found.back();
  using Padding = Conv::Padding;
  if (kernel % 2 == 0 && options.padding != Padding::None)
    throw Error(ErrorKind::CorruptFile,
                w.describe("weight") + " is " + to_string(found) + ", expected an odd kernel size");
  const Node weight = w.tensor("weight", {found[0], channels, kernel, kernel});
  const bool same = options.padding == Padding::Same;
  const auto around = static_cast<std::ptrdiff_t>(same ? kernel / 2 : 0);
  const ov::CoordinateDiff begin(2, around);
  const ov::CoordinateDiff end(2, options.padding == Padding::BottomRight ? 1 : around);
  const auto stride = static_cast<size_t>(options.stride);
  const Node y = make<op::v1::Convolution>(x, weight, ov::Strides{stride, stride}, begin, end,
                                           ov::Strides{1, 1});
  return add_bias(w, y, found[0], 4, 1, 0, found[0]);
}

Node linear(const Weights& w, const Node& x) {
  const Shape shape = shape_of(x);
  const int64_t rows = w.view("weight", {kAny, shape.back()}).shape.at(0);
  return linear_rows(w, x, 0, rows);
}

Node linear_rows(const Weights& w, const Node& x, int64_t begin, int64_t end) {
  const Shape shape = shape_of(x);
  const int64_t features = w.view("weight", {kAny, shape.back()}).shape.at(0);
  const Node weight = w.rows("weight", {kAny, shape.back()}, begin, end);
  const Node y = make<op::v0::MatMul>(x, weight, /*transpose_a=*/false, /*transpose_b=*/true);
  return add_bias(w, y, features, shape.size(), shape.size() - 1, begin, end);
}

Node group_norm(const Weights& w, const Node& x, int groups, float eps) {
  const int64_t channels = shape_of(x).at(1);
  return make<op::v12::GroupNormalization>(x, w.tensor("weight", {channels}),
                                           w.tensor("bias", {channels}), groups, eps);
}

Node layer_norm(const Weights& w, const Node& x, float eps) {
  const int64_t features = shape_of(x).back();
  const Node centred = make<op::v6::MVN>(x, integers({-1}), /*normalize_variance=*/true, eps,
                                         op::MVNEpsMode::INSIDE_SQRT);
  return add(multiply(centred, w.tensor("weight", {features})), w.tensor("bias", {features}));
}

Node relu(const Node& x) { return make<op::v0::Relu>(x); }
Node silu(const Node& x) { return make<op::v4::Swish>(x); }
Node gelu(const Node& x) { return make<op::v7::Gelu>(x, op::GeluApproximationMode::ERF); }
Node quick_gelu(const Node& x) { return make<op::v4::Swish>(x, scalar(1.702f)); }
Node tanh(const Node& x) { return make<op::v0::Tanh>(x); }

Node leaky_relu(const Node& x, float slope) {
  return make<op::v0::PRelu>(x, constant({1}, {slope}));
}

Node prelu(const Weights& w, const Node& x) {
  return make<op::v0::PRelu>(x, w.tensor("weight", {shape_of(x).at(1)}));
}

Node add(const Node& a, const Node& b) { return make<op::v1::Add>(a, b); }
Node multiply(const Node& a, const Node& b) { return make<op::v1::Multiply>(a, b); }

Node add_per_channel(const Node& x, const Node& v) {
  const Shape shape = shape_of(v);
  return add(x, reshape(v, {shape.at(0), shape.at(1), 1, 1}));
}

Node split_heads(const Node& x, int64_t batch, int heads) {
  const Shape s = shape_of(x);
  return transpose(reshape(x, {batch, s[0] / batch, heads, s[1] / heads}), {0, 2, 1, 3});
}

Node merge_heads(const Node& x) {
  const Shape s = shape_of(x);
  return reshape(transpose(x, {0, 2, 1, 3}), {s[0] * s[2], s[1] * s[3]});
}

Node attention(const Node& q, const Node& k, const Node& v, Mask mask) {
  return make<op::v13::ScaledDotProductAttention>(q, k, v, /*causal=*/mask == Mask::Causal);
}

Node concat(const std::vector<Node>& parts, int64_t axis) {
  return make<op::v0::Concat>(ov::OutputVector(parts.begin(), parts.end()), axis);
}

Node slice(const Node& x, int64_t axis, int64_t begin, int64_t end) {
  return make<op::v8::Slice>(x, integers({begin}), integers({end}), integers({1}),
                             integers({axis}));
}

Node reshape(const Node& x, const Shape& shape) {
  return make<op::v1::Reshape>(x, integers(shape), /*special_zero=*/false);
}

Node transpose(const Node& x, const std::vector<int64_t>& order) {
  return make<op::v1::Transpose>(x, integers(order));
}

Node gather(const Node& x, const Node& index, int64_t axis) {
  const Node position = make<op::v0::Constant>(ov::element::i64, ov::Shape{}, axis);
  return make<op::v8::Gather>(x, index, position);
}

Node image_to_tokens(const Node& x) {
  const Shape s = shape_of(x);
  return reshape(transpose(x, {0, 2, 3, 1}), {s[0] * s[2] * s[3], s[1]});
}

Node tokens_to_image(const Node& x, const Shape& image) {
  const int64_t channels = shape_of(x)[1];
  return transpose(reshape(x, {image[0], image[2], image[3], channels}), {0, 3, 1, 2});
}

Node upsample_nearest(const Node& x, int64_t height, int64_t width) {
  using Interpolate = op::v11::Interpolate;
  Interpolate::InterpolateAttrs attributes(
      Interpolate::InterpolateMode::NEAREST, Interpolate::ShapeCalcMode::SIZES, {0, 0, 0, 0},
      {0, 0, 0, 0}, Interpolate::CoordinateTransformMode::ASYMMETRIC,
      Interpolate::NearestMode::FLOOR);
  return make<Interpolate>(x, integers({height, width}), integers({2, 3}), attributes);
}

Node pixel_shuffle(const Node& x, int64_t r) {
  using DepthToSpace = op::v0::DepthToSpace;
  return make<DepthToSpace>(x, DepthToSpace::DepthToSpaceMode::DEPTH_FIRST, r);
}

Node pixel_unshuffle(const Node& x, int64_t r) {
  using SpaceToDepth = op::v0::SpaceToDepth;
  return make<SpaceToDepth>(x, SpaceToDepth::SpaceToDepthMode::DEPTH_FIRST, r);
}

}  // namespace pentimento::nn
