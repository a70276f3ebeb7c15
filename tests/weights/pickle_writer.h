// Composes pickles byte by byte, honest and hostile ones.
#pragma once

#include <cstdint>
#include <string>

#include "base/tensor.h"

namespace pentimento::testing {

class PickleWriter {
 public:
  PickleWriter() : bytes_("\x80\x02") {}

  PickleWriter& raw(const std::string& opcodes) {
    bytes_ += opcodes;
    return *this;
  }
  PickleWriter& text(const std::string& value) {
    return raw("X").little_endian(value.size(), 4).raw(value);
  }
  PickleWriter& integer(int64_t value) {
    return raw("\x8a\x08").little_endian(static_cast<uint64_t>(value), 8);
  }
  PickleWriter& global(const std::string& module, const std::string& name) {
    return raw("c" + module + "\n" + name + "\n");
  }
  template <typename Fill>
  PickleWriter& dict(Fill fill) {
    raw("}(");
    fill(*this);
    return raw("u");
  }
  PickleWriter& tuple(const Shape& numbers) {
    raw("(");
    for (const int64_t number : numbers) integer(number);
    return raw("t");
  }
  PickleWriter& tensor(const std::string& type, const std::string& key, int64_t elements,
                       int64_t offset, const Shape& shape, const Shape& strides) {
    global("torch._utils", "_rebuild_tensor_v2")
        .raw("((")
        .text("storage")
        .global("torch", type)
        .text(key);
    text("cpu").integer(elements).raw("tQ").integer(offset).tuple(shape).tuple(strides);
    return raw("\x89").global("collections", "OrderedDict").raw(")RtR");
  }
  std::string stop() { return bytes_ + "."; }

 private:
  PickleWriter& little_endian(uint64_t value, int count) {
    for (int i = 0; i < count; ++i) bytes_ += static_cast<char>(value >> (8 * i));
    return *this;
  }
  std::string bytes_;
};

}  // namespace pentimento::testing
