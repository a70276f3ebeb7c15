// Text to image in two passes, AUTOMATIC1111's "hires fix" (webui-spec §4.10): a small picture is
// made, enlarged (its latent, or its pixels), and painted over at the size asked for, so that large
// pictures keep the composition of the size a model was trained at.
// Limitations: no second checkpoint, no refiner. With a width and a height of other proportions
// pixels are cut before they are encoded; A1111 cuts the latent.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pipelines/img2img.h"

namespace pentimento {

struct HiresRequest {
  Img2ImgRequest base;              // text to image at the first size; its strength is not used
  double scale = 2;                 // 1..8, of base's size
  int width = 0, height = 0;        // pixels of the result instead; one alone keeps the proportions
  std::string upscaler = "Latent";  // a latent mode (latent_resize.h), "None", "Lanczos",
                                    // "Nearest", or one that HiresOptions::enlarge knows
  double strength = 0.75;           // 0..1, of the second pass
  int steps = 0;                    // that really run in the second pass; 0: base's
  std::string sampler, scheduler, prompt, negative_prompt;  // of the second pass; empty: base's
};

struct HiresPlan {
  Img2ImgPlan first, second;                    // of the first picture
  int enlarged_width = 0, enlarged_height = 0;  // before what hangs over is cut
  std::string describe() const;
};

// A picture enlarged to exactly that size by a named upscaler. Throws NotFound.
using Enlarge =
    std::function<Image(const Image&, int width, int height, const std::string& upscaler)>;

std::vector<std::string> problems_of(const HiresRequest& request);
void validate(const HiresRequest& request);

HiresPlan plan_hires(const LoadedModel& model, const HiresRequest& request, uint64_t random_seed,
                     const Timings* timings);

// As run_img2img: one picture after another, each reported by options.on_picture.
std::vector<Img2ImgPicture> run_hires(LoadedModel& model, const HiresRequest& request,
                                      const HiresPlan& plan, const Enlarge& enlarge,
                                      const Img2ImgOptions& options, const Progress& progress);

}  // namespace pentimento
