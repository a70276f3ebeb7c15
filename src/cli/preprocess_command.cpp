// The verb preprocess: what a ControlNet would see of a picture.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/context.h"
#include "cli/inputs.h"
#include "cli/outputs.h"
#include "pipelines/preprocess.h"

namespace pentimento {
namespace {

struct Arguments {
  std::vector<std::string> inputs;
  std::string output, with = "canny";
  PreprocessOptions options;
};

void run(Context& context, Arguments& a) {
  a.options.preprocessor = parse_preprocessor(a.with);
  const auto inputs = expand_inputs(a.inputs);
  Outputs outputs(a.output, info_of(a.options.preprocessor).key, inputs.size(), 1);
  Terminal terminal(context.talk());
  for (const auto& path : inputs)
    terminal.say(outputs.write(path, 0, preprocess(read_input(path).input.image, a.options), {}));
  terminal.finish();
}

}  // namespace

void add_preprocess(CLI::App& app, Context& context) {
  auto a = std::make_shared<Arguments>();
  CLI::App* verb =
      app.add_subcommand("preprocess", "what a ControlNet would see of a picture: edges, lines, …");
  verb->add_option("input", a->inputs, "pictures, folders of pictures, or - for standard input")
      ->required();
  verb->add_option("-o,--output", a->output,
                   "file (png, jpg, webp), folder, or - for standard output");
  verb->add_option("--with", a->with,
                   "canny, softedge, lineart, scribble, drawn, threshold, invert, tile")
      ->capture_default_str();
  verb->add_option("-a,--threshold-a", a->options.threshold_a,
                   "canny: low threshold; scribble, threshold: the threshold; tile: the factor");
  verb->add_option("-b,--threshold-b", a->options.threshold_b, "canny: high threshold");
  verb->add_flag("-q,--quiet", context.quiet, "no progress, only errors")->group("Output");
  verb->callback([&context, a] { run(context, *a); });
}

}  // namespace pentimento
