// Every job that repeat makes again, from what its picture's infotext tells.
#pragma once

#include "cli/repeat_files.h"
#include "cli/terminal.h"
#include "image/image.h"

namespace pentimento {

struct Repeated {
  Image image;
  Infotext infotext;
};

// Throws Unsupported for jobs that cannot be made again from one picture, NotFound for what it was
// made with and is not there, and what the job itself throws.
Repeated repeat_job(Context& context, const RepeatArguments& a, const Infotext& info,
                    Terminal& terminal);

}  // namespace pentimento
