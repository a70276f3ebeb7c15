// A file of named tensors, whichever format it is in. The format is told from the first bytes,
// never from the name.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "weights/tensor_view.h"

namespace pentimento {

enum class TensorFormat { Safetensors, TorchZip };

struct TensorFile {
  std::filesystem::path path;
  TensorFormat format = TensorFormat::Safetensors;
  TensorMap tensors;                            // names exactly as in the file
  std::map<std::string, std::string> metadata;  // safetensors __metadata__; empty for torch files
};

// Maps the file and reads its directory; tensor bytes are touched only when used.
// Throws NotFound; CorruptFile naming the file, what was found and what was expected; Unsupported
// for a known format this program does not read, and for a pickle that asks for anything but
// tensors.
TensorFile read_tensor_file(const std::filesystem::path& path);

TensorFile read_safetensors(
    const std::filesystem::path& path);  // https://github.com/huggingface/safetensors
TensorFile read_torch(const std::filesystem::path& path);  // torch.save's zip, protocol 2 pickle

// Writes a safetensors file atomically; tensors in name order.
void write_safetensors(const std::filesystem::path& path, const TensorMap& tensors,
                       const std::map<std::string, std::string>& metadata);

}  // namespace pentimento
