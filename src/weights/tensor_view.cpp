#include "weights/tensor_view.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/half.h"
#include "weights/quantised.h"

namespace pentimento {
namespace {

template <typename T, typename Convert>
std::vector<float> convert(std::span<const std::byte> bytes, Convert to_float) {
  std::vector<float> values(bytes.size() / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));  // bytes need not be aligned
    values[i] = to_float(value);
  }
  return values;
}

}  // namespace

size_t dtype_size(DType dtype) {
  switch (dtype) {
    case DType::F64:
    case DType::I64:
      return 8;
    case DType::F32:
    case DType::I32:
      return 4;
    case DType::F16:
    case DType::BF16:
    case DType::I16:
      return 2;
    case DType::I8:
    case DType::U8:
    case DType::Bool:
      return 1;
    default:
      break;
  }
  throw Error(ErrorKind::Internal,
              std::string("a block of ") + dtype_name(dtype) + " has no size of one element");
}

const char* dtype_name(DType dtype) {
  switch (dtype) {
    case DType::F64:
      return "F64";
    case DType::F32:
      return "F32";
    case DType::F16:
      return "F16";
    case DType::BF16:
      return "BF16";
    case DType::I64:
      return "I64";
    case DType::I32:
      return "I32";
    case DType::I16:
      return "I16";
    case DType::I8:
      return "I8";
    case DType::U8:
      return "U8";
    case DType::Bool:
      return "BOOL";
    case DType::Q4_0:
      return "Q4_0";
    case DType::Q4_1:
      return "Q4_1";
    case DType::Q5_0:
      return "Q5_0";
    case DType::Q5_1:
      return "Q5_1";
    case DType::Q8_0:
      return "Q8_0";
    case DType::Q2_K:
      return "Q2_K";
    case DType::Q3_K:
      return "Q3_K";
    case DType::Q4_K:
      return "Q4_K";
    case DType::Q5_K:
      return "Q5_K";
    case DType::Q6_K:
      return "Q6_K";
  }
  return "?";
}

bool is_quantised(DType dtype) { return dtype >= DType::Q4_0; }

std::vector<float> TensorView::to_f32() const {
  const auto cast = [](auto v) { return static_cast<float>(v); };
  switch (dtype) {
    case DType::F64:
      return convert<double>(bytes, cast);
    case DType::F32:
      return convert<float>(bytes, cast);
    case DType::F16:
      return convert<uint16_t>(bytes, f16_to_f32);
    case DType::BF16:
      return convert<uint16_t>(bytes, bf16_to_f32);
    case DType::I64:
      return convert<int64_t>(bytes, cast);
    case DType::I32:
      return convert<int32_t>(bytes, cast);
    case DType::I16:
      return convert<int16_t>(bytes, cast);
    case DType::I8:
      return convert<int8_t>(bytes, cast);
    case DType::U8:
    case DType::Bool:
      return convert<uint8_t>(bytes, cast);
    default:
      return dequantise(dtype, bytes);
  }
  throw Error(ErrorKind::Internal, "unknown dtype");
}

TensorView TensorView::plain() const {
  if (!is_quantised(dtype)) return *this;
  const std::vector<float> values = to_f32();
  auto copy = std::make_shared<std::vector<uint16_t>>(values.size());
  std::transform(values.begin(), values.end(), copy->begin(), f32_to_f16);
  return {.dtype = DType::F16,
          .shape = shape,
          .bytes = std::as_bytes(std::span(*copy)),
          .owner = copy,
          .file = file};
}

TensorView TensorView::reshaped(Shape new_shape) const {
  if (element_count(new_shape) != element_count(shape))
    throw Error(ErrorKind::Internal,
                "cannot view " + to_string(shape) + " as " + to_string(new_shape));
  TensorView view = *this;
  view.shape = std::move(new_shape);
  return view;
}

TensorView TensorView::rows(int64_t begin, int64_t end) const {
  if (shape.empty() || begin < 0 || begin > end || end > shape[0])
    throw Error(ErrorKind::Internal, "rows out of range of " + to_string(shape));
  if (is_quantised(dtype) && shape[0] > 0 &&
      element_count(shape) / shape[0] % block_layout(dtype).elements != 0)
    return plain().rows(begin, end);
  const size_t row_bytes = shape[0] ? bytes.size() / static_cast<size_t>(shape[0]) : 0;
  TensorView view = *this;
  view.shape[0] = end - begin;
  view.bytes = bytes.subspan(static_cast<size_t>(begin) * row_bytes,
                             static_cast<size_t>(end - begin) * row_bytes);
  return view;
}

}  // namespace pentimento
