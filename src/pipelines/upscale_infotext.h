// What an enlarged picture remembers: A1111's words for its Extras tab, behind what the picture
// said of its own making.
#pragma once

#include "pipelines/refine.h"
#include "pipelines/upscale.h"

namespace pentimento {

// `before`: what the picture said of itself or, when a model painted it over, what run_refine()
// says. `result`: what was made of it.
struct Enlarged {
  const UpscalePlan& plan;
  const InputImage& input;
  const Image& result;
  bool refined = false;
  std::string precision;  // the network computed in, "bf16"; not used for Lanczos
  std::string version;
};
Infotext upscale_infotext(Infotext before, const Enlarged& made);

bool was_enlarged(const Infotext& info);
UpscaleRequest upscale_request_from_infotext(const Infotext& info);

// Painted over in tiles: what was enlarged (`upscale --refine`), or a job of its own (the server's
// "refine", A1111's SD upscale), which enlarges by sd_upscaler_of_infotext(), "None" for nothing.
bool was_refined(const Infotext& info);
std::string sd_upscaler_of_infotext(const Infotext& info);
RefineRequest refine_request_from_infotext(const Infotext& info);

}  // namespace pentimento
