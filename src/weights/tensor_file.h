// A file of named tensors, whichever format it is in. The format is told from the first bytes,
// never from the name.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "base/progress.h"
#include "weights/tensor_view.h"

namespace pentimento {

enum class TensorFormat { Safetensors, TorchZip, Gguf };

struct TensorFile {
  std::filesystem::path path;
  TensorFormat format = TensorFormat::Safetensors;
  TensorMap tensors;  // names exactly as in the file
  // safetensors' __metadata__, GGUF's short values as text; empty for torch files.
  std::map<std::string, std::string> metadata;
};

// Maps the file and reads its directory; tensor bytes are touched only when used.
// Throws NotFound; CorruptFile naming the file, what was found and what was expected; Unsupported
// for a known format this program does not read, and for a pickle that asks for anything but
// tensors.
TensorFile read_tensor_file(const std::filesystem::path& path);

TensorFile read_safetensors(
    const std::filesystem::path& path);  // https://github.com/huggingface/safetensors
TensorFile read_gguf(const std::filesystem::path&
                         path);  // https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
TensorFile read_torch(const std::filesystem::path& path);  // torch.save's zip, protocol 2 pickle

// Writes a safetensors file atomically; tensors in name order.
void write_safetensors(const std::filesystem::path& path, const TensorMap& tensors,
                       const std::map<std::string, std::string>& metadata);

// Tensors that are made one at a time while the file is written, so that no more than one is in
// memory.
struct PendingTensor {
  DType dtype;
  Shape shape;
  std::function<TensorView()> make;  // of that dtype and shape
};
using PendingTensors = std::map<std::string, PendingTensor>;
// The same; also throws Cancelled, leaving nothing behind. Reports stage "write" in tensors.
void stream_safetensors(const std::filesystem::path& path, const PendingTensors& tensors,
                        const std::map<std::string, std::string>& metadata,
                        const Progress& progress = {});

}  // namespace pentimento
