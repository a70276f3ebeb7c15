// The job grid: A1111's X/Y/Z plot.
#pragma once

#include <memory>

#include "studio/diffusion_tools.h"

namespace pentimento {

std::vector<Field> grid_fields();
std::unique_ptr<JobRunner> make_grid_runner(DiffusionTools tools);

}  // namespace pentimento
