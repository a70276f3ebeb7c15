// The job try_on.
#pragma once

#include <memory>

#include "studio/diffusion_tools.h"

namespace pentimento {

std::vector<Field> try_on_fields();
std::unique_ptr<JobRunner> make_try_on_runner(DiffusionTools tools);

}  // namespace pentimento
