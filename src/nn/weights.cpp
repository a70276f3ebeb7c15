#include "nn/weights.h"

#include <cstring>

#include "base/error.h"
#include "openvino/op/constant.hpp"
#include "openvino/op/convert.hpp"

namespace pentimento::nn {
namespace {

ov::element::Type element_type(DType dtype) {
  switch (dtype) {
    case DType::F64:
      return ov::element::f64;
    case DType::F32:
      return ov::element::f32;
    case DType::F16:
      return ov::element::f16;
    case DType::BF16:
      return ov::element::bf16;
    default:
      break;
  }
  throw Error(ErrorKind::CorruptFile,
              std::string("weights of type ") + dtype_name(dtype) +
                  " cannot be used in a network, expected F32, F16 or BF16");
}

bool matches(const Shape& found, const Shape& expected) {
  if (found.size() != expected.size()) return false;
  for (size_t i = 0; i < found.size(); ++i)
    if (expected[i] != kAny && expected[i] != found[i]) return false;
  return true;
}

// Equal but for extents of 1: [C,C] and [C,C,1,1].
bool matches_squeezed(const Shape& found, const Shape& expected) {
  auto squeeze = [](const Shape& shape) {
    Shape kept;
    for (int64_t d : shape)
      if (d != 1) kept.push_back(d);
    return kept;
  };
  return matches(squeeze(found), squeeze(expected));
}

std::string expected_text(const Shape& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i) text += ",";
    text += shape[i] == kAny ? "any" : std::to_string(shape[i]);
  }
  return text + "]";
}

}  // namespace

Node constant(const TensorView& stored) {
  const TensorView view = stored.plain();
  const ov::element::Type type = element_type(view.dtype);
  const ov::Shape shape(view.shape.begin(), view.shape.end());
  // A file may put a tensor at any byte offset; kernels read whole elements.
  const bool aligned = reinterpret_cast<uintptr_t>(view.bytes.data()) % type.size() == 0;
  std::shared_ptr<ov::op::v0::Constant> node;
  if (aligned) {
    node = std::make_shared<ov::op::v0::Constant>(type, shape, view.bytes.data(),
                                                  std::make_shared<TensorView>(view));
  } else {
    node = std::make_shared<ov::op::v0::Constant>(type, shape, view.bytes.data());
  }
  if (type == ov::element::f32) return node;
  auto f32 = std::make_shared<ov::op::v0::Convert>(node, ov::element::f32);
  // OpenVINO's mark for weights stored smaller than they are used: without it every constant is
  // unfolded to f32 while compiling, which doubles the memory (measured: 6.1 against 2.5 GB).
  f32->get_rt_info()["decompression_0"] = true;
  return f32;
}

Weights::Weights(const TensorMap& tensors, std::string file, std::shared_ptr<TensorEdits> edits)
    : record_(std::make_shared<Record>(Record{tensors, std::move(file), std::move(edits), {}})) {}

Weights Weights::operator/(std::string_view name) const {
  Weights inner = *this;
  inner.scope_ += std::string(name) + ".";
  return inner;
}

std::string Weights::full(std::string_view name) const { return scope_ + std::string(name); }

std::string Weights::describe(std::string_view name) const {
  return record_->file + ": tensor '" + full(name) + "'";
}

bool Weights::has(std::string_view name) const {
  const std::string key = full(name);
  if (record_->tensors.count(key)) return true;
  const auto below = record_->tensors.lower_bound(key + ".");
  return below != record_->tensors.end() && below->first.starts_with(key + ".");
}

size_t Weights::count(std::string_view list) const {
  size_t n = 0;
  while (has(std::string(list) + "." + std::to_string(n))) ++n;
  return n;
}

const TensorView& Weights::view(std::string_view name, const Shape& expected) const {
  const auto found = record_->tensors.find(full(name));
  if (found == record_->tensors.end())
    throw Error(ErrorKind::CorruptFile, describe(name) + " is missing, expected " +
                                            expected_text(expected) +
                                            "; the file is incomplete or of another family");
  record_->used.insert(found->first);
  if (!matches(found->second.shape, expected) && !matches_squeezed(found->second.shape, expected))
    throw Error(ErrorKind::CorruptFile, describe(name) + " is " + to_string(found->second.shape) +
                                            ", expected " + expected_text(expected) +
                                            "; the file is damaged or of another family");
  TensorEdits* edits = record_->edits.get();
  if (edits && edits->changes(found->first)) return edits->edited(found->first, found->second);
  return found->second;
}

Node Weights::tensor(std::string_view name, const Shape& expected) const {
  const TensorView& found = view(name, expected);
  if (matches(found.shape, expected)) return constant(found);
  Shape shape = expected;
  if (shape.at(0) == kAny) shape[0] = found.shape.at(0);
  return constant(found.reshaped(shape));
}

Node Weights::rows(std::string_view name, const Shape& expected, int64_t begin, int64_t end) const {
  const TensorView part = view(name, expected).rows(begin, end);
  Shape shape = expected;
  shape.at(0) = end - begin;
  return constant(matches(part.shape, shape) ? part : part.reshaped(shape));
}

std::vector<std::string> Weights::unused() const {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : record_->tensors)
    if (!record_->used.count(name)) names.push_back(name);
  return names;
}

}  // namespace pentimento::nn
