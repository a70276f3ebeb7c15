// The pickle interpreter without the archive around it, so that mutations reach it.
#include "base/error.h"
#include "weights/pickle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    pentimento::read_pickle(std::as_bytes(std::span(data, size)), "fuzz");
  } catch (const pentimento::Error&) {
  }
  return 0;
}
