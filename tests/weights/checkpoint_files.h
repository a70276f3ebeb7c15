// The tiny checkpoints of tests/golden, and ways to spoil them.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "support/golden.h"
#include "weights/checkpoint.h"
#include "weights/testing.h"

namespace pentimento::testing {

// A fixture's tensors and metadata, to be changed and written to a file of the test's own.
class SpoiledFile {
 public:
  explicit SpoiledFile(std::string_view golden) {
    TensorFile file = read_safetensors(golden_path(golden));
    tensors = std::move(file.tensors);
  }

  TensorMap tensors;
  std::map<std::string, std::string> metadata;

  SpoiledFile& config(const nlohmann::json& pentimento_config) {
    metadata["pentimento.config"] = pentimento_config.dump();
    return *this;
  }
  // The same values in as many channels of axis 1 as asked for.
  SpoiledFile& channels(const std::string& name, int64_t count) {
    const TensorView& old = tensors.at(name);
    const int64_t rest = element_count(old.shape) / old.shape[0] / old.shape[1];
    const std::vector<float> from = old.to_f32();
    std::vector<float> to;
    for (int64_t o = 0; o < old.shape[0]; ++o)
      for (int64_t i = 0; i < count; ++i)
        for (int64_t r = 0; r < rest; ++r)
          to.push_back(from[static_cast<size_t>((o * old.shape[1] + i % old.shape[1]) * rest + r)]);
    Shape shape = old.shape;
    shape[1] = count;
    tensors.insert_or_assign(name, tensor_f16(shape, to));
    return *this;
  }
  SpoiledFile& without(const std::string& prefix) {
    std::erase_if(tensors, [&](const auto& item) { return item.first.starts_with(prefix); });
    return *this;
  }
  SpoiledFile& renamed(const std::string& from, const std::string& to) {
    TensorMap result;
    for (const auto& [name, tensor] : tensors)
      result.emplace(name.starts_with(from) ? to + name.substr(from.size()) : name, tensor);
    tensors = std::move(result);
    return *this;
  }
  std::filesystem::path write(const std::filesystem::path& path) const {
    std::filesystem::create_directories(path.parent_path());
    write_safetensors(path, tensors, metadata);
    return path;
  }
  Checkpoint open(const std::string& name = "model.safetensors") const {
    TempDir dir;
    return open_checkpoint(write(dir / name));
  }
  std::string refusal(ErrorKind kind) const {
    return testing::refusal(kind, [&] { open(); });
  }
};

// Names, shapes and bytes are those that the fixture's own record has of diffusers' state dict.
inline void expect_recorded(const TensorMap& found, const nlohmann::json& expected) {
  for (const auto& [name, record] : expected.items()) {
    const auto at = found.find(name);
    if (at == found.end()) {
      ADD_FAILURE() << "lacks " << name;
      continue;
    }
    EXPECT_EQ(at->second.shape, record[0].get<Shape>()) << name;
    EXPECT_EQ(sha256_hex(at->second.bytes).substr(0, 16), record[1].get<std::string>()) << name;
  }
  for (const auto& [name, tensor] : found)
    EXPECT_TRUE(expected.contains(name)) << name << " is too many";
}

inline const std::string kUnetIn = "model.diffusion_model.input_blocks.0.0.weight";

}  // namespace pentimento::testing
