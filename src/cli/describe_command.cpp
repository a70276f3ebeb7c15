// The verb describe: a prompt from a picture, and where it was taken from.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <memory>

#include "base/error.h"
#include "cli/context.h"
#include "cli/inputs.h"
#include "pipelines/describe.h"
#include "studio/recorded_prompt.h"
#include "studio/result_json.h"

namespace pentimento {
namespace {

struct Arguments {
  std::vector<std::string> inputs;
  bool ignore_recorded = false;
};

std::string palette_text(const Appearance& appearance) {
  std::string text;
  for (const PaletteColour& colour : appearance.palette) {
    const NamedColour& named = nearest_colour(colour.rgb);
    char part[96];
    std::snprintf(part, sizeof part, "%s#%02x%02x%02x %.0f%% %s", text.empty() ? "" : ", ",
                  colour.rgb[0], colour.rgb[1], colour.rgb[2], 100 * colour.share, named.name_en);
    text += part;
  }
  return text;
}

void print(const std::string& path, const Description& d) {
  std::cout << path << "\n";
  std::cout << "  prompt:   " << d.prompt << "\n";
  if (!d.prompt_zh.empty()) std::cout << "  提示词:   " << d.prompt_zh << "\n";
  if (!d.negative_prompt.empty()) std::cout << "  negative: " << d.negative_prompt << "\n";
  std::cout << "  source:   " << spoken_source(d) << "\n";
  const Appearance& a = d.appearance;
  char measured[160];
  std::snprintf(measured, sizeof measured,
                "%dx%d, brightness %.2f, contrast %.2f, colourfulness %.2f, sharpness %.3f",
                a.width, a.height, a.brightness, a.contrast, a.colourfulness, a.sharpness);
  std::cout << "  measured: " << measured << "\n";
  std::cout << "  palette:  " << palette_text(a) << "\n";
}

void run(const Context& context, const Arguments& a) {
  std::vector<DescribedPicture> described;
  for (const auto& path : expand_inputs(a.inputs)) {
    context.cancel.throw_if_cancelled();
    const InputPicture input = read_input(path);
    DescribeInputs inputs{.ignore_recorded = a.ignore_recorded};
    if (auto recorded = recorded_prompt(input.picture.text)) {
      inputs.recorded = std::move(recorded->info);
      inputs.recorded_by = recorded->program;
    }
    described.push_back({path.string(), describe_picture(input.input.image, inputs)});
    if (!context.json) print(path.string(), described.back().description);
  }
  if (context.json) std::cout << describe_json(described) << "\n";
}

}  // namespace

void add_describe(CLI::App& app, Context& context) {
  auto a = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand("describe", "a prompt from a picture, and its colours");
  verb->add_option("image", a->inputs, "pictures, folders of pictures, or - for standard input")
      ->required();
  verb->add_flag("--ignore-metadata", a->ignore_recorded,
                 "look at the picture even if its file records a prompt");
  add_json_option(*verb, context);
  verb->callback([&context, a] { run(context, *a); });
}

}  // namespace pentimento
