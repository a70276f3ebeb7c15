// Extents of named tensors, each checked before it is believed. Private to weights/.
#pragma once

#include <string>

#include "weights/tensor_view.h"

namespace pentimento {

class Shapes {
 public:
  // `tensors` must outlive it; `where` names the file in messages.
  Shapes(const TensorMap& tensors, std::string where)
      : tensors_(tensors), where_(std::move(where)) {}

  size_t rank(const std::string& name) const { return find(name).shape.size(); }
  // Throws CorruptFile when the tensor is missing, of a lower rank, or of an extent outside 1 …
  // 2^20.
  int extent(const std::string& name, size_t axis, size_t at_least_rank) const;

 private:
  const TensorView& find(const std::string& name) const;

  const TensorMap& tensors_;
  std::string where_;
};

}  // namespace pentimento
