// Changes to some of a network's tensors, made when one is asked for: how a LoRA reaches a graph
// without a second copy of the model.
#pragma once

#include <string_view>

#include "weights/tensor_view.h"

namespace pentimento {

// Thread contract: one thread at a time.
class TensorEdits {
 public:
  virtual ~TensorEdits() = default;
  virtual bool changes(std::string_view name) const = 0;
  // The tensor of that name as the edits make it, of the same shape; remembered until forget().
  // `name` must be one that changes() knows.
  virtual const TensorView& edited(std::string_view name, const TensorView& original) = 0;
  virtual void forget() = 0;
};

}  // namespace pentimento
