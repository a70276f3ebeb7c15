// The verb tryon: a garment from a shop's picture, worn by somebody.
#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>

#include "base/error.h"
#include "base/memory.h"
#include "cli/add_on_path.h"
#include "cli/context.h"
#include "cli/drape_options.h"
#include "cli/inputs.h"
#include "cli/model_options.h"
#include "cli/outputs.h"
#include "pipelines/try_on.h"
#include "runtime/version.h"
#include "studio/result_json.h"

namespace pentimento {
namespace {

struct Arguments {
  TryOnRequest request;
  ModelArguments model;
  DrapeArguments drape;
  std::string garment, person, mask, way = "auto", kind = "auto", output, trace_dir;
  std::vector<double> place;
  int quality = 90;
};

const std::map<std::string, std::optional<GarmentKind>> kKinds = {{"auto", {}},
                                                                  {"upper", GarmentKind::Upper},
                                                                  {"lower", GarmentKind::Lower},
                                                                  {"dress", GarmentKind::Dress}};

// Draped when there are weights for it and somebody to dress.
bool drapes(const Context& context, const Arguments& a) {
  if (a.way != "auto") return a.way == "drape";
  if (!a.drape.weights.empty() || !a.drape.person_mask.empty()) return true;
  return !a.person.empty() && a.place.empty() && has_add_on(context.paths, kCatVtons);
}

struct Pictures {
  InputPicture garment;
  std::optional<InputPicture> person, mask;
};

Img2ImgPicture keep_pixels(Context& context, Terminal& terminal, Arguments& a,
                           const Pictures& pictures) {
  TryOnInputs inputs{.garment = &pictures.garment.input,
                     .garment_mask = pictures.mask ? &pictures.mask->input : nullptr,
                     .person = pictures.person ? &pictures.person->input : nullptr};
  const Progress progress = terminal.progress(context.cancel);
  Runtime runtime(context.runtime_options());
  if (pictures.person)
    inputs.faces = FaceFinder(runtime, context.paths.assets / "faces")
                       .find(to_rgb(pictures.person->input.image), progress);
  LoadedModel model = open_model(runtime, context, a.model, progress);
  Timings timings(context.paths.cache / "timings.txt");
  const TryOnPlan plan = plan_try_on(model, a.request, inputs, seed_by_chance(), &timings);
  check_memory(plan.around, available_memory_bytes());
  terminal.say(plan.describe());
  Img2ImgOptions options{.version = version_text(), .timings = &timings};
  if (!a.trace_dir.empty()) options.trace_dir = a.trace_dir;
  return run_try_on(model, a.request, plan, inputs, options, progress);
}

Img2ImgPicture drape_it(Context& context, Terminal& terminal, const Arguments& a,
                        const Pictures& pictures) {
  if (!a.request.image.prompt.empty() || !a.request.image.sampler.empty())
    terminal.say("CatVTON reads no prompt and has its own sampler; --way pixels reads them");
  return drape(context, terminal, a.drape, a.model, a.request.image,
               {.garment = &pictures.garment.input,
                .person = pictures.person ? &pictures.person->input : nullptr,
                .garment_mask = pictures.mask ? &pictures.mask->input : nullptr});
}

void run(Context& context, Arguments& a) {
  using Clock = std::chrono::steady_clock;
  const auto began = Clock::now();
  if (a.output == "-" && context.json)
    throw Error(ErrorKind::InvalidArgument,
                "--json and -o - both want standard output; choose one");
  a.request.kind = kKinds.at(a.kind);
  if (!a.place.empty()) a.request.place = {{a.place.at(0), a.place.at(1), a.place.at(2)}};
  const auto problems = problems_of(a.request);
  if (!problems.empty()) throw Error(ErrorKind::InvalidArgument, problems[0]);
  const bool draped = drapes(context, a);
  if (draped && a.person.empty())
    throw Error(ErrorKind::InvalidArgument,
                "CatVTON dresses a person: name a picture of one with --person, or take --way "
                "pixels, which paints somebody");
  Outputs outputs(a.output, "worn", 1, 1);
  Pictures pictures{.garment = read_input(a.garment), .person = {}, .mask = {}};
  if (!a.person.empty()) pictures.person = read_input(a.person);
  if (!a.mask.empty()) pictures.mask = read_input(a.mask);

  Terminal terminal(context.talk());
  const Img2ImgPicture made = draped ? drape_it(context, terminal, a, pictures)
                                     : keep_pixels(context, terminal, a, pictures);
  const std::string infotext = format_infotext(made.infotext);
  const std::string where = outputs.write(
      a.garment, 0, made.image, {.quality = a.quality, .text = {{"parameters", infotext}}});
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  terminal.say(where + "  (seed " + std::to_string(made.seed) + ", " + spoken_seconds(seconds) +
               ")");
  terminal.finish();
  if (context.json)
    std::cout << stylize_json(
                     {{where, a.garment, made.image.width, made.image.height, infotext, seconds}})
              << "\n";
}

}  // namespace

void add_try_on(CLI::App& app, Context& context) {
  auto a = std::make_shared<Arguments>();
  a->request.image.strength = 1;
  CLI::App* verb = app.add_subcommand(
      "tryon",
      "a garment from a shop's picture, worn; its print and logo stay as they are, or it drapes "
      "with CatVTON's weights");
  verb->add_option("garment", a->garment, "a garment before a plain background")->required();
  verb->add_option("--person", a->person,
                   "a picture of who wears it; without, a person is painted around it");
  verb->add_option("--mask", a->mask,
                   "where the garment is in its picture, white on black, if it is not found");
  verb->add_option("--way", a->way,
                   "pixels: the garment's own pixels stay; drape: CatVTON dresses --person; auto: "
                   "drape when its weights are named or installed")
      ->check(CLI::IsMember({"auto", "pixels", "drape"}))
      ->capture_default_str();
  verb->add_option("--kind", a->kind, "auto, upper, lower or dress")
      ->check(CLI::IsMember({"auto", "upper", "lower", "dress"}))
      ->capture_default_str();
  verb->add_option("--place", a->place,
                   "left, top and width of the garment as shares of the picture: 0.3 0.25 0.4; "
                   "default: under the chin of --person")
      ->expected(3)
      ->delimiter(',');
  verb->add_option("-d,--strength", a->request.image.strength,
                   "of what is painted around the garment, 0..1")
      ->capture_default_str();
  verb->add_option("--seam-strength", a->request.seam_strength,
                   "of the second pass over the seam, 0..1; 0 leaves it out")
      ->capture_default_str();
  verb->add_option("--seam", a->request.seam_px, "pixels on both sides of the garment's edge")
      ->capture_default_str();
  verb->add_option("--around", a->request.around_px,
                   "with --person: how many pixels around the garment are repainted")
      ->capture_default_str();
  verb->add_option("--width", a->request.image.width, "pixels, a multiple of 8");
  verb->add_option("--height", a->request.image.height, "pixels, a multiple of 8");
  add_model_options(*verb, a->model, a->request.image, "Painting");
  add_extra_file_options(*verb, context);
  add_drape_options(*verb, a->drape);
  verb->add_option("-o,--output", a->output, "file (png, jpg, webp), folder, or -");
  verb->add_option("--quality", a->quality, "of jpg and webp files")
      ->group("Output")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  verb->add_option("--trace", a->trace_dir, "folder for intermediate arrays (.npy)")
      ->group("Output");
  add_runtime_options(*verb, context);
  add_json_option(*verb, context);
  verb->add_flag("-q,--quiet", context.quiet, "no progress, only errors")->group("Output");
  verb->callback([&context, a] { run(context, *a); });
}

}  // namespace pentimento
