#include "cli/upscaling.h"

#include "base/memory.h"
#include "cli/model_options.h"
#include "pipelines/upscale_infotext.h"
#include "runtime/version.h"

namespace pentimento {
namespace {

// Low-strength image to image in tiles; alpha stays as it was enlarged.
Upscaled refined(const UpscaleOrder& order, const InputPicture& input, Image enlarged,
                 Timings& timings, Terminal& terminal, const Progress& progress) {
  const RefinePlan plan = plan_refine(*order.model, order.refine, enlarged.width, enlarged.height,
                                      seed_by_chance(), &timings);
  terminal.say(plan.describe());
  const InputImage picture{std::move(enlarged), input.input.name, input.input.sha256};
  Img2ImgPicture made = run_refine(*order.model, order.refine, plan, picture,
                                   {.version = version_text(), .timings = &timings}, progress);
  if (picture.image.channels == 4) {
    Image alpha(picture.image.width, picture.image.height, 1);
    for (size_t i = 0; i < alpha.pixels.size(); ++i)
      alpha.pixels[i] = picture.image.pixels[4 * i + 3];
    made.image = with_alpha(made.image, alpha);
  }
  return {std::move(made.image), std::move(made.infotext)};
}

}  // namespace

std::vector<std::filesystem::path> upscaler_folders(const Paths& paths) {
  return {paths.assets / "upscaling", paths.data / "models" / "ESRGAN",
          paths.data / "models" / "RealESRGAN", paths.data / "models" / "upscaling"};
}

Upscaled upscale_picture(const Runtime& runtime, const UpscaleOrder& order,
                         const InputPicture& input, Timings& timings, Terminal& terminal,
                         const Progress& progress) {
  const Image& picture = input.input.image;
  const UpscalePlan plan = plan_upscale(order.request, order.entry, order.network, picture.width,
                                        picture.height, &timings);
  check_memory(plan, available_memory_bytes());
  terminal.say(plan.describe());
  Upscaled made{run_upscale(order.network, plan, picture, progress, &timings), {}};
  const auto own = input.picture.text.find("parameters");
  if (own != input.picture.text.end()) made.infotext = parse_infotext(own->second);
  if (order.model) made = refined(order, input, std::move(made.image), timings, terminal, progress);
  made.infotext =
      upscale_infotext(std::move(made.infotext), {.plan = plan,
                                                  .input = input.input,
                                                  .result = made.image,
                                                  .refined = order.model != nullptr,
                                                  .precision = to_string(runtime.precision()),
                                                  .version = version_text()});
  return made;
}

}  // namespace pentimento
