#include "base/npy.h"

#include <fstream>

#include "base/error.h"

namespace pentimento {
namespace {

void write(const std::filesystem::path& path, const char* dtype, const Shape& shape,
           const void* data, size_t bytes) {
  std::string header = std::string("{'descr': '") + dtype + "', 'fortran_order': False, 'shape': (";
  for (int64_t n : shape) header += std::to_string(n) + ",";
  header += "), }";
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::ofstream file(path, std::ios::binary);
  file.write("\x93NUMPY\x01\x00", 8);
  const char length[2] = {static_cast<char>(header.size() & 255),
                          static_cast<char>(header.size() >> 8)};
  file.write(length, 2);
  file << header;
  file.write(static_cast<const char*>(data), static_cast<std::streamsize>(bytes));
  file.close();
  if (!file)
    throw Error(ErrorKind::Io, path.string() + ": cannot be written; is the folder writable?");
}

}  // namespace

void write_npy(const std::filesystem::path& path, const Tensor& tensor) {
  write(path, "<f4", tensor.shape, tensor.data.data(), tensor.data.size() * sizeof(float));
}

void write_npy(const std::filesystem::path& path, const Shape& shape,
               std::span<const int64_t> values) {
  write(path, "<i8", shape, values.data(), values.size_bytes());
}

}  // namespace pentimento
