// Between JSON and text to image, in one pass or two.
#pragma once

#include <string>
#include <vector>

#include "pipelines/hires.h"
#include "studio/request_json.h"

namespace pentimento {

struct Txt2ImgJob {
  HiresRequest request;  // only `base` counts without `hires`
  bool hires = false;
  ModelChoice choice;
};

std::vector<Field> txt2img_fields();
Txt2ImgJob txt2img_job_from_json(const Json& json);  // has passed check()
Json txt2img_job_to_json(const Txt2ImgJob& job);

}  // namespace pentimento
