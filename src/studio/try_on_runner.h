// The job try_on.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "pipelines/try_on.h"
#include "studio/diffusion_tools.h"

namespace pentimento {

std::vector<Field> try_on_fields();

// The faces of a person's picture, RGB; none: heads are not told from the rest.
using FindFaces = std::function<std::vector<Face>(const Image&)>;

std::unique_ptr<JobRunner> make_try_on_runner(DiffusionTools tools, FindFaces find = {});

}  // namespace pentimento
