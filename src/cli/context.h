// What every verb gets from main: folders, cancellation, and the streams it may use.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/paths.h"
#include "base/progress.h"
#include "cli/terminal.h"
#include "pipelines/extra_files.h"
#include "runtime/runtime.h"

namespace CLI {
class App;
}

namespace pentimento {

class ModelLibrary;

struct Context {
  Paths paths;
  CancelToken cancel;
  bool json = false;  // one result object on standard output, nothing else
  bool quiet = false;
  RuntimeOptions runtime;  // --device, --precision, --threads
  std::string precision_text = "auto";
  std::vector<std::string> lora_folders, embedding_folders;  // beside the usual ones
  std::vector<std::filesystem::path> model_folders;          // --models-dir
  mutable std::shared_ptr<ModelLibrary> opened_library;      // see library()

  Talk talk() const { return json || quiet ? Talk::Silent : Terminal::usual_talk(); }
  // The runtime options with everything resolved.
  RuntimeOptions runtime_options() const;
  // Everything the models folder, the user's own list and --models-dir hold; opened when it is
  // asked for. Throws as ModelLibrary does.
  ModelLibrary& library() const;
  // LoRAs and embeddings of the library, and of the folders named. Refers to this context.
  std::shared_ptr<const ExtraFiles> extra_files() const;
};

// Options that several verbs share.
void add_runtime_options(CLI::App& verb, Context& context);
void add_extra_file_options(CLI::App& verb, Context& context);
void add_json_option(CLI::App& verb, Context& context);

// One verb each: declares its options and sets the callback that runs it.
void add_img2img(CLI::App& app, Context& context);
void add_txt2img(CLI::App& app, Context& context);
void add_inpaint(CLI::App& app, Context& context);
void add_outpaint(CLI::App& app, Context& context);
void add_grid(CLI::App& app, Context& context);
void add_strip(CLI::App& app, Context& context);
void add_stylize(CLI::App& app, Context& context);
void add_upscale(CLI::App& app, Context& context);
void add_describe(CLI::App& app, Context& context);
void add_try_on(CLI::App& app, Context& context);
void add_blend(CLI::App& app, Context& context);
void add_preprocess(CLI::App& app, Context& context);
void add_repeat(CLI::App& app, Context& context);
void add_info(CLI::App& app, Context& context);
void add_inspect(CLI::App& app, Context& context);
void add_models(CLI::App& app, Context& context);
void add_devices(CLI::App& app, Context& context);
void add_bench(CLI::App& app, Context& context);
void add_cache(CLI::App& app, Context& context);
void add_models(CLI::App& app, Context& context);
void add_serve(CLI::App& app, Context& context);
void add_import(CLI::App& app, Context& context);
void add_completion(CLI::App& app, Context& context);

}  // namespace pentimento
