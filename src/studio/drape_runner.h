// The job drape: a garment worn with natural folds, by CatVTON's weights (pipelines/drape.h).
#pragma once

#include <memory>

#include "pipelines/drape.h"
#include "studio/diffusion_tools.h"

namespace pentimento {

// Whether the weights can be put into such a checkpoint: SD 1.5 inpainting, or instruct-pix2pix.
bool takes_catvton(const CatalogModel& checkpoint, bool mask_free);

std::vector<Field> drape_fields();
// `runtime` must outlive it; `cache_dir` keeps the hashes of files.
std::unique_ptr<JobRunner> make_drape_runner(DiffusionTools tools, Runtime& runtime,
                                             std::filesystem::path cache_dir);

}  // namespace pentimento
