// The verb blend: one picture out of two to five.
#include <CLI/CLI.hpp>
#include <memory>

#include "base/error.h"
#include "cli/add_on_path.h"
#include "cli/blend_tools.h"
#include "cli/control_options.h"
#include "cli/generation_options.h"
#include "cli/inputs.h"
#include "pipelines/blend.h"

namespace pentimento {
namespace {

struct Arguments {
  BlendRequest request;
  GenerationArguments generation;
  ControlArguments controls;
  std::vector<std::string> inputs;
  std::string method = "auto", mode = "merge", focus = "everything", fit = "crop";
  std::string adapter, encoder;
  int start_from = 0;
};

const std::map<std::string, BlendMethod> kMethods = {{"image-prompt", BlendMethod::ImagePrompt},
                                                     {"latents", BlendMethod::Latents},
                                                     {"style", BlendMethod::Style}};
const std::map<std::string, BlendMode> kModes = {{"merge", BlendMode::Merge},
                                                 {"mix", BlendMode::Mix}};
const std::map<std::string, BlendFocus> kFocuses = {{"everything", BlendFocus::Everything},
                                                    {"style", BlendFocus::Style},
                                                    {"layout", BlendFocus::Layout}};
const std::map<std::string, PictureFit> kFits = {
    {"crop", PictureFit::Crop}, {"pad", PictureFit::Pad}, {"squash", PictureFit::Squash}};

// Without adapter weights the pictures are blended as they lie.
BlendMethod method_of(const Context& context, const Arguments& a) {
  if (a.method != "auto") return kMethods.at(a.method);
  const bool adapter = !a.adapter.empty() || has_add_on(context.paths, kIpAdapters);
  return adapter ? BlendMethod::ImagePrompt : BlendMethod::Latents;
}

void read_blend_words(const Context& context, Arguments& a) {
  read_words(a.request.image, a.generation);
  a.request.method = method_of(context, a);
  a.request.mode = kModes.at(a.mode);
  a.request.focus = kFocuses.at(a.focus);
  a.request.fit = kFits.at(a.fit);
  a.request.start_from = a.start_from - 1;
}

std::vector<InputImage> read_pictures(const std::vector<std::string>& arguments) {
  std::vector<InputImage> pictures;
  for (const auto& path : expand_inputs(arguments)) pictures.push_back(read_input(path).input);
  return pictures;
}

void run(Context& context, Arguments& a) {
  read_blend_words(context, a);
  const std::vector<InputImage> pictures = read_pictures(a.inputs);
  const auto problems = problems_of(a.request, pictures.size());
  if (!problems.empty()) throw Error(ErrorKind::InvalidArgument, problems[0]);
  if (a.request.method == BlendMethod::ImagePrompt) {  // before the model is read
    find_add_on(context, kIpAdapters, a.adapter);
    find_add_on(context, kImageEncoders, a.encoder);
  }
  const bool from_picture =
      a.request.method != BlendMethod::ImagePrompt || a.request.start_from >= 0;
  CommandControls controls(context, a.controls, from_picture);
  PaintingSession session(context, a.generation, "blend", 1, a.request.image.batch);
  AddOns add_ons(session.runtime(), context.paths.cache);
  controls.load(add_ons, session.model(), session.progress());
  const LoadedBlendTools tools =
      load_blend_tools(context, a.request.method, a.adapter, a.encoder, session.runtime(),
                       session.model(), add_ons, session.progress());
  Img2ImgPlan plan =
      plan_blend(session.model(), a.request, pictures, session.seed(), &session.timings());
  SteeringCost cost = controls.cost();
  tools.add_to(cost, pictures.size());
  count_steering(plan, session.model(), cost, &session.timings());
  std::string line = std::string("blending by ") + to_string(a.request.method);
  if (a.method == "auto" && a.request.method == BlendMethod::Latents)
    line += " (no IP-Adapter is installed; --method style paints the first like the second)";
  Img2ImgOptions options = session.begin(a.inputs[0], line + "; " + plan.describe());
  controls.steer(options);
  run_blend(session.model(), tools.tools(), a.request, plan, pictures, options, session.progress());
  session.end(plan);
}

void add_blend_options(CLI::App& verb, Arguments& a) {
  verb.add_option("inputs", a.inputs, "two to five pictures")->required();
  verb.add_option("--weights", a.request.weights, "one a picture, as 2,1; default: all alike")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.add_option("--method", a.method,
                  "image-prompt (an IP-Adapter reads the pictures), latents or style (need no "
                  "special weights), auto")
      ->check(CLI::IsMember({"auto", "image-prompt", "latents", "style"}))
      ->capture_default_str();
  const char* group = "Image prompt";
  verb.add_option("--ip-adapter", a.adapter, "an IP-Adapter for the model's family, file or name")
      ->group(group);
  verb.add_option("--image-encoder", a.encoder, "the CLIP image encoder it was made with")
      ->group(group);
  verb.add_option("--mode", a.mode, "merge: the average of what is seen; mix: all of it at once")
      ->group(group)
      ->check(CLI::IsMember(keys_of(kModes)))
      ->capture_default_str();
  verb.add_option("--focus", a.focus, "everything, or only the style or the layout of the pictures")
      ->group(group)
      ->check(CLI::IsMember(keys_of(kFocuses)))
      ->capture_default_str();
  verb.add_option("--scale", a.request.scale, "0..2, how much the pictures count against the text")
      ->group(group)
      ->capture_default_str();
  verb.add_option("--fit", a.fit, "how a picture meets the square encoder: crop, pad, squash")
      ->group(group)
      ->check(CLI::IsMember(keys_of(kFits)))
      ->capture_default_str();
  verb.add_option("--start-from", a.start_from,
                  "the number of the picture to start from at --strength; 0: from noise")
      ->group(group)
      ->capture_default_str();
}

}  // namespace

void add_blend(CLI::App& app, Context& context) {
  auto a = std::make_shared<Arguments>();
  a->request.image.strength = 0.6;
  CLI::App* verb = app.add_subcommand("blend", "one picture out of two to five");
  add_blend_options(*verb, *a);
  add_picture_options(*verb, a->request.image, a->generation);
  add_generation_options(*verb, a->request.image, a->generation);
  add_extra_file_options(*verb, context);
  add_control_options(*verb, a->controls);
  add_runtime_options(*verb, context);
  add_json_option(*verb, context);
  verb->add_flag("-q,--quiet", context.quiet, "no progress, only errors")->group("Output");
  verb->footer(
      "Half a lighthouse, half a sunflower field:\n"
      "  pentimento blend lighthouse.jpg field.jpg --weights 1,1 -p \"\"");
  verb->callback([&context, a] { run(context, *a); });
}

}  // namespace pentimento
