// The verb info: what a picture remembers about its making.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/context.h"
#include "cli/inputs.h"
#include "studio/result_json.h"
#include "text/infotext.h"

namespace pentimento {
namespace {

void run(const Context& context, const std::string& path) {
  const InputPicture input = read_input(path);
  const auto found = input.picture.text.find("parameters");
  const std::string parameters = found == input.picture.text.end() ? "" : found->second;
  if (context.json) {
    std::cout << info_json(input.input, input.picture, parameters) << "\n";
    return;
  }
  const Image& image = input.input.image;
  std::cout << path << ": " << input.picture.format << ", " << image.width << "x" << image.height
            << "\n";
  if (parameters.empty())
    std::cout
        << "no generation parameters in this picture; a screenshot, an edit or a messenger may "
           "have dropped them\n";
  else
    std::cout << parameters << "\n";
}

}  // namespace

void add_info(CLI::App& app, Context& context) {
  auto path = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand("info", "show how a picture was made (A1111 parameters)");
  verb->add_option("image", *path, "a picture made by this or a similar program, or -")->required();
  add_json_option(*verb, context);
  verb->callback([&context, path] { run(context, *path); });
}

}  // namespace pentimento
