// NumPy's .npy, format 1.0, C order
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): what --trace writes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "base/tensor.h"

namespace pentimento {

void write_npy(const std::filesystem::path& path, const Tensor& tensor);
void write_npy(const std::filesystem::path& path, const Shape& shape,
               std::span<const int64_t> values);

}  // namespace pentimento
