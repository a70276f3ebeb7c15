// The job loopback.
#pragma once

#include <memory>

#include "studio/diffusion_tools.h"

namespace pentimento {

std::vector<Field> loopback_fields();
std::unique_ptr<JobRunner> make_loopback_runner(DiffusionTools tools);

}  // namespace pentimento
