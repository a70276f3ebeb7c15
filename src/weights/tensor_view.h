// A named tensor inside a weight file: typed bytes that are not copied. `owner` keeps the mapping
// (or a converted copy) alive for as long as any view of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "base/tensor.h"

namespace pentimento {

class MappedFile;

enum class DType { F64, F32, F16, BF16, I64, I32, I16, I8, U8, Bool };

size_t dtype_size(DType dtype);       // bytes of one element
const char* dtype_name(DType dtype);  // "F32", as safetensors spells it

struct TensorView {
  DType dtype = DType::F32;
  Shape shape;                       // C order, contiguous
  std::span<const std::byte> bytes;  // element_count(shape) * dtype_size(dtype)
  std::shared_ptr<const void> owner;
  // The mapped file that the bytes were read from. A view whose bytes lie inside file->bytes() is
  // that part of the file; converted copies lie elsewhere.
  std::shared_ptr<const MappedFile> file;

  // The values as f32, whatever the file's type.
  std::vector<float> to_f32() const;
  // The same bytes under another shape (equal element count).
  TensorView reshaped(Shape new_shape) const;
  // Rows [begin, end) of the first dimension, still without a copy.
  TensorView rows(int64_t begin, int64_t end) const;
};

using TensorMap = std::map<std::string, TensorView, std::less<>>;

}  // namespace pentimento
