// The verb import: a folder of pictures into the gallery, with what they say about their making.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/context.h"
#include "studio/result_json.h"
#include "studio/studio.h"

namespace pentimento {
namespace {

std::string counted(int n, const char* what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

void run(Context& context, const std::string& folder) {
  Studio studio({.paths = context.paths, .start_worker = false}, system_clock());
  Terminal terminal(context.talk());
  const ImportReport report = import_folder(studio, folder, terminal.progress(context.cancel));
  terminal.finish();
  if (context.json) {
    std::cout << import_json(report) << "\n";
    return;
  }
  for (const std::string& problem : report.problems) terminal.say("left out: " + problem);
  std::cout << counted(report.added, "picture") << " added, " << report.known << " known already, "
            << report.refused << " left out\n";
}

}  // namespace

void add_import(CLI::App& app, Context& context) {
  auto folder = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand(
      "import", "bring a folder of pictures (A1111's outputs, say) into the gallery");
  verb->add_option("folder", *folder, "PNG, JPEG and WebP under it, oldest first")->required();
  add_json_option(*verb, context);
  verb->add_flag("--quiet", context.quiet, "say nothing but the result");
  verb->callback([&context, folder] { run(context, *folder); });
}

}  // namespace pentimento
