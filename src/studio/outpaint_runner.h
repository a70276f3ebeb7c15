// The job outpaint.
#pragma once

#include <memory>

#include "studio/diffusion_tools.h"

namespace pentimento {

std::vector<Field> outpaint_fields();
std::unique_ptr<JobRunner> make_outpaint_runner(DiffusionTools tools);

}  // namespace pentimento
