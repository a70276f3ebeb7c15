// The job blend.
#pragma once

#include <filesystem>
#include <memory>

#include "studio/diffusion_tools.h"

namespace pentimento {

std::vector<Field> blend_fields();
// `painting_assets`: the networks that paint one picture like another.
std::unique_ptr<JobRunner> make_blend_runner(DiffusionTools tools, Runtime& runtime,
                                             std::filesystem::path painting_assets);

}  // namespace pentimento
