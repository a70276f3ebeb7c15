// The job txt2img.
#pragma once

#include <memory>

#include "pipelines/hires.h"
#include "studio/diffusion_tools.h"

namespace pentimento {

// `enlarge` knows the upscalers that are networks; may be empty.
std::unique_ptr<JobRunner> make_txt2img_runner(DiffusionTools tools, Enlarge enlarge = {});

}  // namespace pentimento
