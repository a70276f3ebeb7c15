// What every verb gets from main: folders, cancellation, and the streams it may use.
#pragma once

#include <string>

#include "base/paths.h"
#include "base/progress.h"
#include "cli/terminal.h"
#include "runtime/runtime.h"

namespace CLI {
class App;
}

namespace pentimento {

struct Context {
  Paths paths;
  CancelToken cancel;
  bool json = false;  // one result object on standard output, nothing else
  bool quiet = false;
  RuntimeOptions runtime;  // --device, --precision, --threads
  std::string precision_text = "auto";

  Talk talk() const { return json || quiet ? Talk::Silent : Terminal::usual_talk(); }
  // The runtime options with everything resolved.
  RuntimeOptions runtime_options() const;
};

// Options that several verbs share.
void add_runtime_options(CLI::App& verb, Context& context);
void add_json_option(CLI::App& verb, Context& context);

// One verb each: declares its options and sets the callback that runs it.
void add_img2img(CLI::App& app, Context& context);
void add_txt2img(CLI::App& app, Context& context);
void add_stylize(CLI::App& app, Context& context);
void add_repeat(CLI::App& app, Context& context);
void add_info(CLI::App& app, Context& context);
void add_inspect(CLI::App& app, Context& context);
void add_models(CLI::App& app, Context& context);
void add_devices(CLI::App& app, Context& context);
void add_bench(CLI::App& app, Context& context);
void add_cache(CLI::App& app, Context& context);
void add_serve(CLI::App& app, Context& context);
void add_completion(CLI::App& app, Context& context);

}  // namespace pentimento
