// What an outpainted picture remembers beyond img2img's fields.
#pragma once

#include "pipelines/outpaint.h"

namespace pentimento {

std::vector<std::pair<std::string, std::string>> outpaint_facts(const OutpaintRequest& request);

bool was_outpainted(const Infotext& info);
OutpaintRequest outpaint_request_from_infotext(const Infotext& info);

const char* to_string(OutpaintFill fill);  // "edge", "blur", "mirror", "noise"

}  // namespace pentimento
