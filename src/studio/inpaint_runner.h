// The job inpaint.
#pragma once

#include <memory>

#include "studio/diffusion_tools.h"

namespace pentimento {

std::unique_ptr<JobRunner> make_inpaint_runner(DiffusionTools tools);

}  // namespace pentimento
