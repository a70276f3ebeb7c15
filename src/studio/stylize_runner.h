// The job stylize: a photograph in one of the painting styles, or in the style of any picture.
#pragma once

#include <filesystem>
#include <memory>

#include "runtime/runtime.h"
#include "studio/job_runner.h"

namespace pentimento {

// assets: the folder of the painting networks. `runtime` must outlive the runner.
std::unique_ptr<JobRunner> make_stylize_runner(Runtime& runtime, std::filesystem::path assets);

}  // namespace pentimento
