// Any bytes as a safetensors file: read whole or refused with an Error, and every byte of a tensor
// that is handed out may be touched.
#include "base/error.h"
#include "bytes_as_file.h"
#include "weights/identify.h"
#include "weights/tensor_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const pentimento::fuzz::BytesAsFile file(data, size);
  try {
    const pentimento::TensorFile tensors = pentimento::read_safetensors(file.path());
    for (const auto& [name, tensor] : tensors.tensors) {
      volatile float last = 0;
      for (const float value : tensor.to_f32()) last = value;
      (void)last;
    }
    pentimento::identify(tensors.tensors);
  } catch (const pentimento::Error&) {
  }
  return 0;
}
