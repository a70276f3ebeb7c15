// Any bytes as a GGUF file: read whole or refused with an Error, and every tensor that is handed
// out can be unpacked.
#include "base/error.h"
#include "bytes_as_file.h"
#include "weights/tensor_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const pentimento::fuzz::BytesAsFile file(data, size);
  try {
    for (const auto& [name, tensor] : pentimento::read_gguf(file.path()).tensors) {
      volatile float last = 0;
      for (const float value : tensor.to_f32()) last = value;
      (void)last;
      if (!tensor.shape.empty() && tensor.shape[0] > 1) tensor.rows(1, 2).plain();
    }
  } catch (const pentimento::Error&) {
  }
  return 0;
}
