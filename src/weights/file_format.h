// The format of a model file, told from its first bytes, never from its name.
#pragma once

#include <cstddef>
#include <span>

namespace pentimento {

enum class FileFormat {
  Safetensors,
  TorchZip,    // torch.save since PyTorch 1.6
  TorchOther,  // older torch.save, a tar, a bare pickle: refused with advice
  Gguf,
  Onnx,
  NcnnParam,  // ncnn's text half; its .bin half has no mark of its own
  Hdf5,
  LfsPointer,  // Git LFS's stand-in for a file that was not fetched
  WebPage,
  Unknown,
};

// Never throws; any bytes are of some format. 512 bytes are enough.
FileFormat recognise_format(std::span<const std::byte> head);

// "safetensors" …: a stable word for JSON; "" for Unknown.
const char* format_word(FileFormat format);

}  // namespace pentimento
