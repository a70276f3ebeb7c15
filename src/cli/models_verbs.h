// The verbs below `pentimento models`.
#pragma once

namespace CLI {
class App;
}

namespace pentimento {

struct Context;

void add_models_library(CLI::App& models, Context& context);  // list, show, search, get, …
void add_models_choices(CLI::App& models, Context& context);  // set, folders
void add_models_convert(CLI::App& models, Context& context);
void add_models_merge(CLI::App& models, Context& context);

}  // namespace pentimento
