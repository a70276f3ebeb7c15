// The tensors of one network, reached by scope: `w / "conv1"` steps into the file, a layer asks for
// its tensor with the shape it expects, and the keys nobody asked for can be listed afterwards.
// Limitations: names are diffusers' names (weights/checkpoint.h presents every layout that way).
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "openvino/core/node_output.hpp"
#include "weights/tensor_edits.h"

namespace pentimento::nn {

using Node = ov::Output<ov::Node>;  // one value of the graph

constexpr int64_t kAny = -1;  // a dimension that the tensor itself decides

// A scope inside a TensorMap. Copies share the map and the record of used keys.
// Thread contract: one thread builds.
class Weights {
 public:
  // `tensors` must outlive every Weights made from it; graphs keep the tensor bytes alive
  // themselves. `file` names the source in messages: "model.safetensors". Tensors that `edits`
  // changes are handed out as it makes them.
  Weights(const TensorMap& tensors, std::string file, std::shared_ptr<TensorEdits> edits = {});

  Weights operator/(std::string_view name) const;
  Weights operator/(size_t index) const { return *this / std::to_string(index); }

  // True when the file has the tensor `name`, or any tensor below it.
  bool has(std::string_view name) const;
  // How many numbered children follow one another: "resnets.0", "resnets.1", … -> 2.
  size_t count(std::string_view list) const;

  // The tensor as it lies in the file, or edited. Throws CorruptFile naming file, tensor, found and
  // expected when it is missing or its shape differs (kAny matches every extent).
  const TensorView& view(std::string_view name, const Shape& expected) const;
  // The tensor as an f32 value of the graph, over the mapped bytes where their type allows. A
  // tensor that differs only by extents of 1 (a 1x1 convolution stored as a matrix, or the other
  // way round) takes the expected shape; kAny may then stand only first.
  Node tensor(std::string_view name, const Shape& expected) const;
  // Rows [begin, end) of the first dimension, likewise.
  Node rows(std::string_view name, const Shape& expected, int64_t begin, int64_t end) const;

  // Full names that no call above has asked for.
  std::vector<std::string> unused() const;
  // "model.safetensors: tensor 'mid_block.resnets.0.conv1'": how messages begin.
  std::string describe(std::string_view name) const;

 private:
  struct Record {
    const TensorMap& tensors;
    std::string file;
    std::shared_ptr<TensorEdits> edits;
    std::set<std::string, std::less<>> used;
  };
  std::string full(std::string_view name) const;

  std::shared_ptr<Record> record_;
  std::string scope_;  // "" or "down_blocks.0."
};

// A constant over the view's bytes, converted to f32 by the graph when the file stores another
// type.
Node constant(const TensorView& view);

}  // namespace pentimento::nn
