// The job img2img.
#pragma once

#include <memory>

#include "studio/diffusion_tools.h"

namespace pentimento {

std::unique_ptr<JobRunner> make_img2img_runner(DiffusionTools tools);

}  // namespace pentimento
