// The JSON of a textual inversion, as A1111 hides it in pictures: any bytes are one or refused.
#include "base/error.h"
#include "weights/embedding.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  try {
    const pentimento::Embedding embedding = pentimento::embedding_from_json(json, "word", "file");
    if (embedding.tokens() < 1 || embedding.tokens() > pentimento::kMaxEmbeddingVectors)
      __builtin_trap();
  } catch (const pentimento::Error&) {
  }
  return 0;
}
