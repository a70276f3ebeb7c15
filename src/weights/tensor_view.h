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

// Plain numbers, then GGUF's blocks of quantised ones (weights/quantised.h).
enum class DType {
  F64,
  F32,
  F16,
  BF16,
  I64,
  I32,
  I16,
  I8,
  U8,
  Bool,
  Q4_0,
  Q4_1,
  Q5_0,
  Q5_1,
  Q8_0,
  Q2_K,
  Q3_K,
  Q4_K,
  Q5_K,
  Q6_K,
};

bool is_quantised(DType dtype);
size_t dtype_size(DType dtype);       // bytes of one element; throws Internal for blocks
const char* dtype_name(DType dtype);  // "F32", as safetensors spells it; "Q4_K"

struct TensorView {
  DType dtype = DType::F32;
  Shape shape;                       // C order, contiguous
  std::span<const std::byte> bytes;  // element_count(shape) * dtype_size(dtype), or whole blocks
  std::shared_ptr<const void> owner;
  // The mapped file that the bytes were read from. A view whose bytes lie inside file->bytes() is
  // that part of the file; converted copies lie elsewhere.
  std::shared_ptr<const MappedFile> file;

  // The values as f32, whatever the file's type.
  std::vector<float> to_f32() const;
  // Itself, or a copy in F16 when it is quantised.
  TensorView plain() const;
  // The same bytes under another shape (equal element count).
  TensorView reshaped(Shape new_shape) const;
  // Rows [begin, end) of the first dimension, still without a copy; quantised ones are unpacked
  // where a row is no whole number of blocks.
  TensorView rows(int64_t begin, int64_t end) const;
};

using TensorMap = std::map<std::string, TensorView, std::less<>>;

}  // namespace pentimento
