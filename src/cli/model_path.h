// From what a user typed after --model to a file: a path, or the name of a file in the models
// folder.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/paths.h"

namespace CLI {
class App;
}

namespace pentimento {

// --models-dir, which may be given several times.
void add_models_dir_option(CLI::App& verb, std::vector<std::filesystem::path>& folders);

// Where checkpoints are looked for by name: DATA/models, DATA/models/Stable-diffusion.
std::vector<std::filesystem::path> model_folders(const Paths& paths);

// Where VAEs are looked for by name: DATA/models/VAE, DATA/models/vae.
std::vector<std::filesystem::path> vae_folders(const Paths& paths);

// `text`: a path, a file name with or without extension, or empty: the only model installed.
// Throws NotFound naming the folder to put a model into, InvalidArgument when several fit.
std::filesystem::path find_model(const Paths& paths, const std::string& text);

// The same for a job that only models of one build can do: when `text` is empty, the only installed
// one that `fits`. `need` begins the message when there is none: "X needs an SD 1.5 inpainting".
std::filesystem::path find_model_for(const Paths& paths, const std::string& text,
                                     const std::string& need,
                                     const std::function<bool(const std::filesystem::path&)>& fits);

// The model an infotext names: by stem, and by hash when it has one.
std::filesystem::path find_model_by_hash(const Paths& paths, const std::string& name,
                                         const std::string& hash);

}  // namespace pentimento
