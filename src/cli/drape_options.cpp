#include "cli/drape_options.h"

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "cli/add_on_path.h"
#include "cli/inputs.h"
#include "cli/model_path.h"
#include "runtime/version.h"
#include "weights/catvton_file.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

DrapeRequest request_of(const DrapeArguments& a, const Img2ImgRequest& shared) {
  DrapeRequest request;
  const bool wide = shared.width > 0, high = shared.height > 0;
  // The other side follows: three wide, four high.
  if (wide) request.width = shared.width;
  if (wide) request.height = high ? shared.height : (shared.width * 4 / 3 + 4) / 8 * 8;
  if (high && !wide) request.width = (shared.height * 3 / 4 + 4) / 8 * 8;
  if (high) request.height = shared.height;
  request.steps = shared.steps.value_or(request.steps);
  request.cfg = shared.cfg.value_or(request.cfg);
  request.eta = a.eta;
  request.seed = shared.seed;
  request.rng = shared.rng;
  request.repaint = a.keep_outside;
  return request;
}

// The weights go into one of two builds of SD 1.5.
bool takes_catvton(const fs::path& checkpoint, bool mask_free) {
  try {
    const ModelConfig config = open_checkpoint(checkpoint).config;
    return config.family == Family::SD1 &&
           (config.variant == Variant::Edit || (!mask_free && config.variant == Variant::Inpaint));
  } catch (const Error&) {
    return false;
  }
}

fs::path base_checkpoint(const Context& context, const std::string& named, bool mask_free) {
  const char* build = mask_free ? "instruct-pix2pix" : "SD 1.5 inpainting";
  return find_model_for(context, named, std::string("CatVTON's weights need an ") + build,
                        [&](const fs::path& path) { return takes_catvton(path, mask_free); });
}

}  // namespace

void add_drape_options(CLI::App& verb, DrapeArguments& a) {
  const char* group = "CatVTON";
  verb.add_option("--weights", a.weights,
                  "CatVTON's attention weights, file, folder, or name in models/CatVTON: drapes "
                  "the garment on --person (CC BY-NC-SA 4.0: not for commercial use)")
      ->group(group);
  verb.add_option("--person-mask", a.person_mask,
                  "where the garment goes on the person, white; the mask-free weights need none")
      ->group(group);
  verb.add_option("--eta", a.eta, "0..1, noise added in each step")
      ->group(group)
      ->capture_default_str();
  verb.add_flag("!--no-overlay", a.keep_outside,
                "do not lay the person's own pixels over what the mask keeps")
      ->group(group);
}

Img2ImgPicture drape(Context& context, Terminal& terminal, const DrapeArguments& a,
                     const ModelArguments& model, const Img2ImgRequest& shared,
                     const DrapeOrder& order) {
  const DrapeRequest request = request_of(a, shared);
  const auto problems = problems_of(request);
  if (!problems.empty()) throw Error(ErrorKind::InvalidArgument, problems[0]);
  DrapeFiles files{
      .checkpoint = {}, .attention = find_add_on(context, kCatVtons, a.weights), .vae = {}};
  std::optional<InputPicture> mask;
  if (!a.person_mask.empty()) mask = read_input(a.person_mask);
  files.checkpoint = base_checkpoint(context, model.model, says_mask_free(files.attention));
  files.vae = find_vae(context, model.vae, files.checkpoint);
  const DrapeInputs inputs{.garment = order.garment,
                           .person = order.person,
                           .mask = mask ? &mask->input : nullptr,
                           .garment_mask = order.garment_mask};

  const Progress progress = terminal.progress(context.cancel);
  Runtime runtime(context.runtime_options());
  DrapeModel loaded = load_drape_model(
      runtime, files, context.paths.cache, [&](const std::string& note) { terminal.say(note); },
      progress);
  Timings timings(context.paths.cache / "timings.txt");
  const DrapePlan plan = plan_drape(loaded, request, inputs, seed_by_chance(), &timings);
  terminal.say(plan.describe());
  const Img2ImgOptions options{.version = version_text(), .timings = &timings};
  return run_drape(loaded, request, plan, inputs, options, progress);
}

}  // namespace pentimento
