// Any bytes as an ncnn network: the listing up to the first NUL, the weights behind it; and what an
// upscaling network is made of them.
#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "base/mapped_file.h"
#include "bytes_as_file.h"
#include "weights/ncnn_file.h"
#include "weights/upscaler_file.h"
#include "weights/upscaler_names.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view listing = bytes.substr(0, bytes.find('\0'));
  const std::string_view weights = bytes.substr(std::min(size, listing.size() + 1));
  const pentimento::fuzz::BytesAsFile file(weights.data(), weights.size());
  try {
    const pentimento::NcnnFile network =
        pentimento::read_ncnn(listing, pentimento::MappedFile::open(file.path()), "fuzz");
    for (const auto& [name, tensor] : network.tensors) {
      volatile unsigned sum = 0;
      for (const std::byte byte : tensor.bytes) sum = sum + std::to_integer<unsigned>(byte);
    }
    pentimento::upscaler_config(pentimento::upscaler_from_ncnn(network), "fuzz");
  } catch (const pentimento::Error&) {
  }
  return 0;
}
