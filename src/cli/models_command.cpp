// The verb models: what can be done with model files. Its own verbs are declared here, one function
// each.
#include <CLI/CLI.hpp>

#include "cli/context.h"
#include "cli/models_verbs.h"

namespace pentimento {

void add_models(CLI::App& app, Context& context) {
  CLI::App* models =
      app.add_subcommand("models", "the models you have: find, get, convert and merge them");
  models->require_subcommand(1);
  add_models_library(*models, context);
  add_models_choices(*models, context);
  add_models_convert(*models, context);
  add_models_merge(*models, context);
}

}  // namespace pentimento
