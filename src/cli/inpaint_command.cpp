// The verb inpaint: paints a masked part of a picture anew.
#include <CLI/CLI.hpp>
#include <memory>

#include "base/error.h"
#include "cli/control_options.h"
#include "cli/generation_options.h"
#include "cli/inpaint_options.h"
#include "cli/inputs.h"

namespace pentimento {
namespace {

struct Arguments {
  InpaintRequest request;
  GenerationArguments generation;
  InpaintArguments mask;
  ControlArguments controls;
  std::string input;
};

void run(Context& context, Arguments& a, const CLI::App& verb) {
  read_words(a.request.base, a.generation);
  read_mask_words(verb, a.request, a.mask);
  validate(a.request);
  if (a.input == "-" && a.mask.mask == "-")
    throw Error(ErrorKind::InvalidArgument,
                "the picture and the mask cannot both come from standard input");
  const InputPicture picture = read_input(a.input), mask = read_input(a.mask.mask);
  CommandControls controls(context, a.controls, /*from_picture=*/true);
  PaintingSession session(context, a.generation, "inpaint", 1, a.request.base.batch);
  AddOns add_ons(session.runtime(), context.paths.cache);
  controls.load(add_ons, session.model(), session.progress());
  InpaintPlan plan = plan_inpaint(session.model(), a.request, picture.input, mask.input,
                                  session.seed(), &session.timings());
  count_steering(plan.img2img, session.model(), controls.cost(), &session.timings());
  Img2ImgOptions options = session.begin(a.input, plan.describe());
  controls.steer(options);
  run_inpaint(session.model(), a.request, plan, picture.input, mask.input, options,
              session.progress());
  session.end(plan.img2img);
}

}  // namespace

void add_inpaint(CLI::App& app, Context& context) {
  auto a = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand(
      "inpaint", "paint the masked part of a picture anew, leaving the rest untouched");
  verb->add_option("input", a->input, "picture, or - for standard input")->required();
  add_mask_options(*verb, a->request, a->mask);
  add_picture_options(*verb, a->request.base, a->generation);
  add_generation_options(*verb, a->request.base, a->generation);
  add_extra_file_options(*verb, context);
  add_control_options(*verb, a->controls);
  add_runtime_options(*verb, context);
  add_json_option(*verb, context);
  verb->add_flag("-q,--quiet", context.quiet, "no progress, only errors")->group("Output");
  verb->footer(
      "Take something out of a photo:\n"
      "  pentimento inpaint photo.jpg --mask mask.png --intent remove --prompt \"empty beach\"");
  verb->callback([&context, a, verb] { run(context, *a, *verb); });
}

}  // namespace pentimento
