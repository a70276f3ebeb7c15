// The hashes people know a model by.
#pragma once

#include <filesystem>
#include <string>

#include "base/progress.h"
#include "studio/model_catalog.h"

namespace pentimento {

struct ModelHashes {
  std::string sha256;  // AutoV2 is its first 10 digits
  std::string autov3;  // LoRA in safetensors: of the tensors alone, 12 digits; else empty
};

// Reads the whole file once. Checkpoints and VAEs are hashed as load_model() does, which remembers
// the answer in `cache`. Throws NotFound, Io, Cancelled.
ModelHashes hash_model(const CatalogModel& model, const std::filesystem::path& cache,
                       const Progress& progress = {});

}  // namespace pentimento
