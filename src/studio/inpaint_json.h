// Between JSON and the inpaint pipeline's request.
#pragma once

#include <string>
#include <vector>

#include "pipelines/control.h"
#include "pipelines/inpaint.h"
#include "studio/fields.h"

namespace pentimento {

struct InpaintJob {
  InpaintRequest request;
  std::string model, vae, text_encoder;
  std::vector<ControlUnit> controls = {};
};

// img2img's fields, `control`, and those of the mask.
std::vector<Field> inpaint_fields();
InpaintJob inpaint_job_from_json(const Json& json);  // has passed check()
Json inpaint_job_to_json(const InpaintJob& job);

}  // namespace pentimento
