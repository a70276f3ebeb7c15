// The verb stylize: a photograph as a painting, at once, without any Stable Diffusion model.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>

#include "base/error.h"
#include "cli/context.h"
#include "cli/inputs.h"
#include "cli/outputs.h"
#include "pipelines/stylize_infotext.h"
#include "runtime/version.h"
#include "studio/result_json.h"

namespace pentimento {
namespace {

struct Arguments {
  StylizeRequest request;
  std::vector<std::string> inputs;
  std::string output, styles = "starry-night", style_image;
  int quality = 90;
  bool list = false;
};

void list_styles() {
  for (const PaintingStyle& style : painting_styles())
    std::printf("%2d  %-22s %s, %s\n", style.id, style.key.c_str(), style.name_en.c_str(),
                style.name_zh.c_str());
}

void run(Context& context, Arguments& a) {
  using Clock = std::chrono::steady_clock;
  if (a.list) return list_styles();
  if (a.inputs.empty())
    throw Error(ErrorKind::InvalidArgument, "no picture given; try: pentimento stylize photo.jpg");
  if (a.output == "-" && context.json)
    throw Error(ErrorKind::InvalidArgument,
                "--json and -o - both want standard output; choose one");
  std::optional<RecordedFile> style;
  if (a.style_image.empty()) {
    a.request.styles = parse_styles(a.styles);
  } else {
    InputImage picture = read_input(a.style_image).input;
    style = {picture.name, picture.sha256};
    a.request.style_image = std::move(picture.image);
  }
  const auto problems = problems_of(a.request);
  if (!problems.empty()) throw Error(ErrorKind::InvalidArgument, problems[0]);
  const auto inputs = expand_inputs(a.inputs);
  Outputs outputs(a.output, "painting", inputs.size(), 1);

  Terminal terminal(context.talk());
  const Progress progress = terminal.progress(context.cancel);
  Runtime runtime(context.runtime_options());
  Stylizer stylizer(runtime, context.paths.assets / "painting");
  std::vector<StylizedPicture> written;
  for (const auto& path : inputs) {
    const auto began = Clock::now();
    const InputPicture input = read_input(path);
    const Image painting = stylize(stylizer, a.request, input.input.image, progress);
    const std::string infotext = format_infotext(stylize_infotext(
        a.request, {input.input.name, input.input.sha256}, style, painting, version_text()));
    const std::string where = outputs.write(
        path, 0, painting, {.quality = a.quality, .text = {{"parameters", infotext}}});
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    terminal.say(where + "  (" + std::to_string(painting.width) + "x" +
                 std::to_string(painting.height) + ", " + spoken_seconds(seconds) + ")");
    written.push_back({where, path.string(), painting.width, painting.height, infotext, seconds});
  }
  terminal.finish();
  if (context.json) std::cout << stylize_json(written) << "\n";
}

}  // namespace

void add_stylize(CLI::App& app, Context& context) {
  auto a = std::make_shared<Arguments>();
  CLI::App* verb =
      app.add_subcommand("stylize", "a photo as a painting in one of 26 styles, at once");
  verb->add_option("input", a->inputs, "pictures, folders of pictures, or - for standard input");
  verb->add_option("-o,--output", a->output,
                   "file (png, jpg, webp), folder, or - for standard output");
  verb->add_option("--style", a->styles, "a style's key or number; several blend: 3:0.5,12:0.5")
      ->capture_default_str();
  verb->add_option("--style-image", a->style_image, "any picture as the style");
  verb->add_option("-d,--strength", a->request.strength, "0..1, how much of the painting to take")
      ->capture_default_str();
  verb->add_flag("--keep-colour,--keep-color", a->request.keep_colour,
                 "the painting's strokes, the photo's colours");
  verb->add_option("--max-size", a->request.max_size_px,
                   "reduce the longer side to this first; 0 = never")
      ->capture_default_str();
  verb->add_flag("--list", a->list, "show all styles");
  verb->add_option("--quality", a->quality, "of jpg and webp files")
      ->group("Output")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  add_runtime_options(*verb, context);
  add_json_option(*verb, context);
  verb->add_flag("-q,--quiet", context.quiet, "no progress, only errors")->group("Output");
  verb->callback([&context, a] { run(context, *a); });
}

}  // namespace pentimento
