// Any bytes as a file of torch.save, and the tensors it hands out.
#include "base/error.h"
#include "bytes_as_file.h"
#include "weights/tensor_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const pentimento::fuzz::BytesAsFile file(data, size);
  try {
    const pentimento::TensorFile tensors = pentimento::read_tensor_file(file.path());
    for (const auto& [name, tensor] : tensors.tensors) {
      volatile unsigned sum = 0;
      for (const std::byte byte : tensor.bytes) sum = sum + std::to_integer<unsigned>(byte);
    }
  } catch (const pentimento::Error&) {
  }
  return 0;
}
