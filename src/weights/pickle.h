// Reads the subset of Python's pickle (protocols 2 to 5) in which PyTorch names tensors
// (https://docs.python.org/3/library/pickletools.html). Nothing is ever executed: an opcode builds
// a plain value or is refused, and a global outside the list in pickle_globals.cpp is refused by
// name. Limitations: no text opcodes of protocol 0, no extension registry.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/tensor.h"
#include "weights/tensor_view.h"

namespace pentimento {

struct PickleValue;
using PickleRef = PickleValue*;  // owned by the document; references may form cycles

struct PickleNone {};
struct PickleOpaque {
  std::string name;  // "numpy.core.multiarray.scalar": present, understood to be harmless, unread
};
enum class PickleGlobalKind {
  RebuildTensor,     // (storage, offset, size, stride, …) -> tensor
  RebuildParameter,  // (tensor, …) -> the tensor
  Dict,              // OrderedDict and its like
  ParameterDict,     // torch.nn's; its state holds the parameters
  Size,              // torch.Size(tuple) -> tuple
  Storage,           // torch.FloatStorage …
  Inert,             // may be named, called and built; the result is opaque
};
struct PickleGlobal {
  PickleGlobalKind kind = PickleGlobalKind::Inert;
  std::string name;
  DType dtype = DType::F32;  // of a Storage
};
struct PickleSequence {
  std::vector<PickleRef> items;
  bool is_tuple = false;
};
struct PickleDict {
  std::vector<std::pair<PickleRef, PickleRef>> items;
  bool is_parameter_dict = false;
};
struct PickleStorage {
  DType dtype;
  std::string key;  // names the zip entry data/KEY
  int64_t elements = 0;
};
struct PickleTensor {
  const PickleStorage* storage;
  int64_t offset = 0;
  Shape shape, strides;  // in elements
};
struct PickleValue {
  std::variant<PickleNone, bool, int64_t, double, std::string, PickleOpaque, PickleGlobal,
               PickleSequence, PickleDict, PickleStorage, PickleTensor>
      value;
  template <typename T>
  T* as() {
    return std::get_if<T>(&value);
  }
};

struct PickleDocument {
  std::deque<PickleValue> values;  // never moved
  PickleRef root = nullptr;
};

// `name` is put before each message. Throws CorruptFile for malformed bytes, Unsupported for a
// global, a storage type or an opcode that is not in the subset.
PickleDocument read_pickle(std::span<const std::byte> bytes, const std::string& name);

// What the allow-list says of module.name; false: refused.
bool find_pickle_global(const std::string& qualified_name, PickleGlobal& global);

}  // namespace pentimento
