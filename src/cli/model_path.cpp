#include "cli/model_path.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/error.h"
#include "weights/checkpoint.h"

namespace pentimento {

namespace fs = std::filesystem;

namespace {

bool is_model(const fs::directory_entry& entry) {
  std::error_code error;
  if (entry.is_directory(error)) return fs::exists(entry.path() / "model_index.json", error);
  const std::string extension = entry.path().extension().string();
  return extension == ".safetensors" || extension == ".ckpt";
}

std::vector<fs::path> installed_models(const Paths& paths) {
  std::vector<fs::path> models;
  std::error_code error;
  for (const fs::path& folder : model_folders(paths))
    for (const auto& entry : fs::directory_iterator(folder, error))
      if (is_model(entry)) models.push_back(entry.path());
  std::sort(models.begin(), models.end());
  return models;
}

}  // namespace

void add_models_dir_option(CLI::App& verb, std::vector<fs::path>& folders) {
  verb.add_option("--models-dir,--models", folders,
                  "one more folder of models, or a whole A1111, Forge or ComfyUI folder; may be "
                  "given several times")
      ->check(CLI::ExistingDirectory)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->expected(1, -1)
      ->allow_extra_args(false);
}

std::vector<fs::path> model_folders(const Paths& paths) {
  return {paths.data / "models", paths.data / "models" / "Stable-diffusion"};
}

std::vector<fs::path> vae_folders(const Paths& paths) {
  return {paths.data / "models" / "VAE", paths.data / "models" / "vae"};
}

fs::path find_model(const Paths& paths, const std::string& text) {
  std::error_code error;
  if (!text.empty() && fs::exists(text, error)) return text;
  const auto installed = installed_models(paths);
  const std::string folder = (paths.data / "models").string();
  if (text.empty()) {
    if (installed.size() == 1) return installed[0];
    if (installed.empty())
      throw Error(
          ErrorKind::NotFound,
          "no model: put a Stable Diffusion checkpoint (.safetensors or .ckpt) into " + folder +
              ", or name one with --model FILE; painting styles need none: pentimento stylize");
    std::string names;
    for (const fs::path& path : installed)
      names += (names.empty() ? "" : ", ") + path.stem().string();
    throw Error(ErrorKind::InvalidArgument,
                "several models are installed, choose one with --model: " + names);
  }
  for (const fs::path& path : installed)
    if (path.filename() == text || path.stem() == text) return path;
  throw Error(ErrorKind::NotFound,
              text + ": no such model file, and no model of that name in " + folder);
}

fs::path find_model_for(const Paths& paths, const std::string& text, const std::string& need,
                        const std::function<bool(const fs::path&)>& fits) {
  if (!text.empty()) return find_model(paths, text);
  std::vector<fs::path> fitting;
  for (const fs::path& path : installed_models(paths))
    if (fits(path)) fitting.push_back(path);
  if (fitting.size() == 1) return fitting[0];
  if (fitting.empty())
    throw Error(ErrorKind::NotFound, need + " checkpoint; put one into " +
                                         (paths.data / "models").string() +
                                         ", or name it with --model FILE");
  std::string names;
  for (const fs::path& path : fitting) names += (names.empty() ? "" : ", ") + path.stem().string();
  throw Error(ErrorKind::InvalidArgument,
              "several models would do, choose one with --model: " + names);
}

fs::path find_model_by_hash(const Paths& paths, const std::string& name, const std::string& hash) {
  const auto installed = installed_models(paths);
  for (const fs::path& path : installed)
    if (path.stem() == name) return path;
  if (!hash.empty())
    for (const fs::path& path : installed)
      if (checkpoint_sha256(path, paths.cache).starts_with(hash)) return path;
  throw Error(ErrorKind::NotFound, "the picture was made with the model '" + name + "' (" + hash +
                                       "), which is not in " + (paths.data / "models").string() +
                                       "; name it with --model FILE");
}

}  // namespace pentimento
