// From what a user typed after --model, --vae or --text-encoder to a file: a path, or any name by
// which the model library knows one (studio/model_catalog.h).
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"
#include "pipelines/loaded_model.h"

namespace CLI {
class App;
}

namespace pentimento {

// --models-dir, which may be given several times.
void add_models_dir_option(CLI::App& verb, std::vector<std::filesystem::path>& folders);

// `text`: a path, a name, a hash, or empty: the user's only usable model, else the one that came
// with the program. Throws NotFound with
// near names, InvalidArgument when several fit an empty text.
std::filesystem::path find_model(const Context& context, const std::string& text);

// "" or "automatic": the VAE that belongs to the model; "none": its own; a path or a name. Throws
// NotFound with near names.
std::optional<std::filesystem::path> find_vae(const Context& context, const std::string& text,
                                              const std::filesystem::path& model);

// What can lend its text encoder: a checkpoint, or a text encoder alone. Throws as find_model().
std::filesystem::path find_text_encoder(const Context& context, const std::string& text);

// The same for a job that only models of one build can do: when `text` is empty, the only installed
// one that `fits`. `need` begins the message when there is none: "X needs an SD 1.5 inpainting".
std::filesystem::path find_model_for(const Context& context, const std::string& text,
                                     const std::string& need,
                                     const std::function<bool(const std::filesystem::path&)>& fits);

// The model an infotext names: by name, and by hash when it has one.
std::filesystem::path find_model_by_hash(const Context& context, const std::string& name,
                                         const std::string& hash);

// Finds all three and opens the model, with the LoRAs and words that prompts may name. A model
// without a text encoder borrows that of `text`, else of the one its card names.
LoadedModel open_named_model(Runtime& runtime, const Context& context, const std::string& model,
                             const std::string& vae, const std::string& text,
                             const Progress& progress);

}  // namespace pentimento
