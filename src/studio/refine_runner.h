// The job refine: a picture enlarged, then painted over in tiles (AUTOMATIC1111's "SD upscale").
#pragma once

#include <memory>

#include "pipelines/hires.h"
#include "studio/diffusion_tools.h"

namespace pentimento {

std::vector<Field> refine_fields();
// `enlarge` knows the upscalers besides "None", "Lanczos" and "Nearest".
std::unique_ptr<JobRunner> make_refine_runner(DiffusionTools tools, Enlarge enlarge);

}  // namespace pentimento
