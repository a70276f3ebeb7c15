// Reference numbers: small safetensors files in tests/golden, each made by the Python script that
// stands beside it (the same name, .py).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/tensor.h"
#include "weights/tensor_file.h"

namespace pentimento::testing {

std::filesystem::path golden_path(std::string_view name);  // tests/golden/NAME
std::filesystem::path source_path(std::string_view name);  // from the repository's root
std::filesystem::path deps_path(std::string_view name);    // what scripts/setup.sh unpacked
std::filesystem::path binary_path(std::string_view name);  // from the build folder

// One golden file; tensors by name as f32.
class Golden {
 public:
  explicit Golden(std::string_view name);
  Tensor tensor(std::string_view key) const;
  std::vector<int64_t> integers(std::string_view key) const;
  std::string text(std::string_view key) const;  // from the metadata
  const TensorFile& file() const { return file_; }

 private:
  TensorFile file_;
};

// max |a - b| / max |b|: the relative error used throughout.
double relative_error(const std::vector<float>& a, const std::vector<float>& b);

// An empty folder, removed at the end of the scope.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace pentimento::testing
