// What LyCORIS adds to low ranks: a trained factor ("scalar"), and single numbers of the change
// that its extraction keeps beside them ("bias_indices", "bias_values", "bias_size"; in spite of
// their name they belong to the weight).
#include <cmath>

#include "base/error.h"
#include "weights/lora_parts.h"

namespace pentimento {
namespace {

struct SparseParts {
  const TensorView *indices, *values, *size;
};
SparseParts sparse_parts(const LoraModule& m) {
  return {m.find("bias_indices"), m.find("bias_values"), m.find("bias_size")};
}

Shape extents_of(const TensorView& size) {
  Shape extents;
  for (const float extent : size.to_f32()) extents.push_back(std::llround(extent));
  return extents;
}

}  // namespace

float delta_scale(const LoraModule& m, int64_t rank) {
  const TensorView* scalar = m.find("scalar");
  return scale_of(m, rank) * (scalar ? scalar->to_f32().at(0) : 1);
}

Reason scalar_misfit(const LoraModule& m) {
  const TensorView* scalar = m.find("scalar");
  if (!scalar || element_count(scalar->shape) == 1) return std::nullopt;
  return "has a scalar of shape " + to_string(scalar->shape);
}

bool is_sparse(const LoraModule& m) { return m.find("bias_indices") != nullptr; }

Reason sparse_misfit(const LoraModule& m, const Shape& shape) {
  const auto [indices, values, size] = sparse_parts(m);
  if (!indices && !values && !size) return std::nullopt;
  if (!indices || !values || !size) return "lacks one of its three sparse parts";
  const int64_t axes = element_count(size->shape);
  if (axes < 1 || axes > 8 || indices->shape.size() != 2 || indices->shape[0] != axes ||
      element_count(values->shape) != indices->shape[1])
    return "has sparse parts that do not fit each other";
  int64_t count = 1;
  for (const int64_t extent : extents_of(*size))
    if (extent < 1 || __builtin_mul_overflow(count, extent, &count))
      return "has a sparse part without a size";
  if (count == element_count(shape)) return std::nullopt;
  return "has a sparse part of " + to_string(extents_of(*size)) + ", the layer has " +
         to_string(shape);
}

void add_sparse(const LoraModule& m, std::vector<float>& delta) {
  if (!is_sparse(m)) return;
  const auto [indices, values, size] = sparse_parts(m);
  const Shape extents = extents_of(*size);
  const std::vector<float> at = indices->to_f32(), what = values->to_f32();
  for (size_t i = 0; i < what.size(); ++i) {
    int64_t place = 0;
    for (size_t axis = 0; axis < extents.size(); ++axis) {
      const float index = at[axis * what.size() + i];
      if (!(index >= 0 && index < static_cast<float>(extents[axis])))
        throw Error(ErrorKind::CorruptFile,
                    m.name + ": a sparse index lies outside of " + to_string(extents));
      place = place * extents[axis] + std::llround(index);
    }
    delta.at(static_cast<size_t>(place)) += what[i];
  }
}

}  // namespace pentimento
