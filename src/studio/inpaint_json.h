// Between JSON and the inpaint pipeline's request.
#pragma once

#include <string>
#include <vector>

#include "pipelines/inpaint.h"
#include "studio/request_json.h"

namespace pentimento {

struct InpaintJob {
  InpaintRequest request;
  ModelChoice choice;
};

// img2img's fields, `control`, and those of the mask.
std::vector<Field> inpaint_fields();
InpaintJob inpaint_job_from_json(const Json& json);  // has passed check()
Json inpaint_job_to_json(const InpaintJob& job);

}  // namespace pentimento
