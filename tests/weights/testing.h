// Small tools of the weight tests: tensors and files made on the spot, refusals looked at.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/error.h"
#include "base/half.h"
#include "support/refusal.h"
#include "weights/tensor_view.h"

namespace pentimento::testing {

template <typename T>
TensorView tensor_of(DType dtype, Shape shape, std::vector<T> values) {
  auto owner = std::make_shared<std::vector<T>>(std::move(values));
  return {.dtype = dtype,
          .shape = std::move(shape),
          .bytes = std::as_bytes(std::span(*owner)),
          .owner = owner};
}

inline TensorView tensor_f32(Shape shape, std::vector<float> values) {
  return tensor_of(DType::F32, std::move(shape), std::move(values));
}

inline TensorView tensor_f16(Shape shape, const std::vector<float>& values) {
  std::vector<uint16_t> bits;
  for (const float value : values) bits.push_back(f32_to_f16(value));
  return tensor_of(DType::F16, std::move(shape), std::move(bits));
}

inline std::filesystem::path write_bytes(const std::filesystem::path& path,
                                         const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

inline std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace pentimento::testing
