// The job describe: no picture, but what one could have been asked for with.
#pragma once

#include <memory>

#include "studio/job_runner.h"

namespace pentimento {

std::unique_ptr<JobRunner> make_describe_runner();

}  // namespace pentimento
