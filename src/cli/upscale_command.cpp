// The verb upscale: a picture made larger.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>

#include "base/error.h"
#include "cli/context.h"
#include "cli/inputs.h"
#include "cli/model_options.h"
#include "cli/outputs.h"
#include "cli/upscaling.h"
#include "studio/result_json.h"

namespace pentimento {
namespace {

struct Arguments {
  UpscaleRequest request;
  RefineRequest refine;  // when its strength is above 0
  ModelArguments model;
  std::vector<std::string> inputs;
  std::string output;
  int quality = 90;
  bool list = false;
};

void list_upscalers(const std::vector<std::filesystem::path>& folders) {
  for (const UpscalerEntry& entry : installed_upscalers(folders)) {
    std::string what = "any size, no network";
    try {
      if (!entry.path.empty()) {
        const UpscalerConfig config = open_upscaler(entry.path).config;
        what = "x" + std::to_string(config.scale) + "  " + to_string(config.kind);
      }
    } catch (const Error& error) {
      what = error.what();
    }
    std::printf("%-28s %s\n", entry.name.c_str(), what.c_str());
  }
}

void check(const Context& context, const Arguments& a) {
  if (a.inputs.empty())
    throw Error(ErrorKind::InvalidArgument, "no picture given; try: pentimento upscale photo.jpg");
  if (a.output == "-" && context.json)
    throw Error(ErrorKind::InvalidArgument,
                "--json and -o - both want standard output; choose one");
  auto problems = problems_of(a.request);
  if (a.refine.image.strength != 0)
    for (std::string& problem : problems_of(a.refine)) problems.push_back(std::move(problem));
  if (!problems.empty()) throw Error(ErrorKind::InvalidArgument, problems[0]);
}

void run(Context& context, Arguments& a) {
  using Clock = std::chrono::steady_clock;
  const auto folders = upscaler_folders(context.paths);
  if (a.list) return list_upscalers(folders);
  check(context, a);
  const auto inputs = expand_inputs(a.inputs);
  Outputs outputs(a.output, "upscaled", inputs.size(), 1);

  Terminal terminal(context.talk());
  const Progress progress = terminal.progress(context.cancel);
  Runtime runtime(context.runtime_options());
  const UpscalerEntry entry = find_upscaler(folders, a.request.upscaler);
  const std::unique_ptr<Upscaler> network = open_network(runtime, entry);
  std::optional<LoadedModel> model;
  if (a.refine.image.strength > 0) model = open_model(runtime, context, a.model, progress);
  Timings timings(context.paths.cache / "timings.txt");
  const UpscaleOrder order{.request = a.request,
                           .entry = entry,
                           .network = network.get(),
                           .model = model ? &*model : nullptr,
                           .refine = a.refine};
  std::vector<StylizedPicture> written;
  for (const auto& path : inputs) {
    const auto began = Clock::now();
    const InputPicture input = read_input(path);
    const Upscaled made = upscale_picture(runtime, order, input, timings, terminal, progress);
    const Image& result = made.image;
    const std::string infotext = format_infotext(made.infotext);
    const std::string where =
        outputs.write(path, 0, result, {.quality = a.quality, .text = {{"parameters", infotext}}});
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    terminal.say(where + "  (" + std::to_string(result.width) + "x" +
                 std::to_string(result.height) + ", " + spoken_seconds(seconds) + ")");
    written.push_back({where, path.string(), result.width, result.height, infotext, seconds});
  }
  terminal.finish();
  if (context.json) std::cout << stylize_json(written) << "\n";
}

}  // namespace

void add_upscale(CLI::App& app, Context& context) {
  auto a = std::make_shared<Arguments>();
  a->refine.image.strength = 0;
  CLI::App* verb = app.add_subcommand("upscale", "make a picture larger, with details to match");
  verb->add_option("input", a->inputs, "pictures, folders of pictures, or - for standard input");
  verb->add_option("-o,--output", a->output,
                   "file (png, jpg, webp), folder, or - for standard output");
  verb->add_option("--scale", a->request.scale, "how many times as wide and high, 1 to 16")
      ->capture_default_str();
  verb->add_option("-W,--width", a->request.width, "of the result; the height follows");
  verb->add_option("-H,--height", a->request.height, "of the result; the width follows");
  verb->add_option("--upscaler", a->request.upscaler,
                   "a network's name or file (.pth, .safetensors, .param), or lanczos")
      ->capture_default_str();
  const char* group = "Refining";
  verb->add_option("--refine", a->refine.image.strength,
                   "0..1: paint the result over with a model, in tiles; 0.2 is gentle")
      ->group(group);
  verb->add_option("--tile", a->refine.image.width, "edge of a tile; default: the model's own size")
      ->group(group);
  verb->add_option("--overlap", a->refine.overlap_px, "of neighbouring tiles, in pixels")
      ->group(group)
      ->capture_default_str();
  add_model_options(*verb, a->model, a->refine.image, group);
  add_extra_file_options(*verb, context);
  verb->add_flag("--list", a->list, "show what is installed");
  verb->add_option("--quality", a->quality, "of jpg and webp files")
      ->group("Output")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  add_runtime_options(*verb, context);
  add_json_option(*verb, context);
  verb->add_flag("-q,--quiet", context.quiet, "no progress, only errors")->group("Output");
  verb->callback([&context, a] {
    a->refine.image.height = a->refine.image.width;
    run(context, *a);
  });
}

}  // namespace pentimento
