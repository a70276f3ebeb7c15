// Enlarging as upscale and repeat do it: where networks lie, and one picture enlarged and, with a
// model, painted over.
#pragma once

#include <filesystem>
#include <vector>

#include "base/paths.h"
#include "cli/inputs.h"
#include "cli/terminal.h"
#include "pipelines/refine.h"
#include "pipelines/upscale.h"

namespace pentimento {

std::vector<std::filesystem::path> upscaler_folders(const Paths& paths);

struct UpscaleOrder {
  UpscaleRequest request;
  UpscalerEntry entry;
  Upscaler* network = nullptr;   // of the entry; null: Lanczos
  LoadedModel* model = nullptr;  // null: not painted over
  RefineRequest refine;
};

struct Upscaled {
  Image image;
  Infotext infotext;
};

// Says what it will do. Throws what plan_upscale and plan_refine throw, OutOfMemory with the
// numbers.
Upscaled upscale_picture(const Runtime& runtime, const UpscaleOrder& order,
                         const InputPicture& input, Timings& timings, Terminal& terminal,
                         const Progress& progress);

}  // namespace pentimento
