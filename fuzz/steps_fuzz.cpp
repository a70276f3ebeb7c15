// Checkpoint files as a crash, a broken disk or a stranger may leave them: no more records than the
// bytes can hold, whichever way they are counted, and a run that goes on from them.
#include <cstdlib>

#include "studio/checkpoint_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pentimento;
  const size_t whole = count_checkpoint_records(std::as_bytes(std::span(data, size)));
  if (whole * 80 > size) std::abort();
  return 0;
}
