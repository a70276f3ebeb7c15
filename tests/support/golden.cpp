#include "support/golden.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>

namespace pentimento::testing {

namespace fs = std::filesystem;

fs::path golden_path(std::string_view name) { return source_path("tests/golden") / name; }
fs::path source_path(std::string_view name) { return fs::path(PENTIMENTO_SOURCE_DIR) / name; }
fs::path deps_path(std::string_view name) { return fs::path(PENTIMENTO_DEPS) / name; }
fs::path binary_path(std::string_view name) { return fs::path(PENTIMENTO_BINARY_DIR) / name; }

Golden::Golden(std::string_view name) : file_(read_safetensors(golden_path(name))) {}

Tensor Golden::tensor(std::string_view key) const {
  const auto found = file_.tensors.find(key);
  if (found == file_.tensors.end())
    throw std::runtime_error("no golden tensor " + std::string(key));
  return Tensor(found->second.shape, found->second.to_f32());
}

std::vector<int64_t> Golden::integers(std::string_view key) const {
  std::vector<int64_t> values;
  for (float v : tensor(key).data) values.push_back(std::llround(v));
  return values;
}

std::string Golden::text(std::string_view key) const { return file_.metadata.at(std::string(key)); }

double relative_error(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return INFINITY;
  double difference = 0, scale = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) != std::isnan(b[i])) return INFINITY;
    difference = std::max(difference, std::abs(double{a[i]} - double{b[i]}));
    scale = std::max(scale, std::abs(double{b[i]}));
  }
  return scale > 0 ? difference / scale : difference;
}

TempDir::TempDir() {
  std::string name = (fs::temp_directory_path() / "pentimento-test-XXXXXX").string();
  if (!::mkdtemp(name.data())) throw std::runtime_error("cannot make " + name);
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace pentimento::testing
