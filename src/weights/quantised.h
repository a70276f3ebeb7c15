// The block formats of GGUF (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): runs of 32
// or 256 numbers of 2 to 8 bits with shared scales. Numbers are those of ggml's own
// dequantize_row_… functions. Limitation: the IQ and TQ formats are not read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "weights/tensor_view.h"

namespace pentimento {

struct BlockLayout {
  int64_t elements;  // in one block
  size_t bytes;
};
// Of a quantised type; of a plain one {1, dtype_size}.
BlockLayout block_layout(DType dtype);

// `bytes` must be whole blocks.
std::vector<float> dequantise(DType dtype, std::span<const std::byte> bytes);

}  // namespace pentimento
