#include "weights/shapes.h"

#include "base/error.h"
#include "weights/messages.h"

namespace pentimento {

int Shapes::extent(const std::string& name, size_t axis, size_t at_least_rank) const {
  constexpr int64_t kWidest = 1 << 20;
  const Shape& shape = find(name).shape;
  if (shape.size() < at_least_rank || shape.at(axis) < 1 || shape[axis] > kWidest)
    throw Error(ErrorKind::CorruptFile, where_ + ": tensor " + in_quotes(name) +
                                            " has the impossible shape " + to_string(shape));
  return static_cast<int>(shape[axis]);
}

const TensorView& Shapes::find(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end())
    throw Error(ErrorKind::CorruptFile,
                where_ + ": lacks the tensor " + in_quotes(name) + "; download it again");
  return found->second;
}

}  // namespace pentimento
