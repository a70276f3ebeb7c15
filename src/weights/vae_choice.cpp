#include "weights/vae_choice.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "weights/config_fields.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

bool is_weight_file(const fs::path& path) {
  const std::string extension = lower(path.extension().string());
  return extension == ".safetensors" || extension == ".pt" || extension == ".ckpt";
}

// Files of one folder in name order; beside models only what is marked as a VAE.
std::vector<fs::path> vaes_in(const fs::path& folder, bool marked_only) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const fs::path& path = at->path();
    if (!is_weight_file(path) || !at->is_regular_file(error)) continue;
    if (!marked_only || lower(path.stem().extension().string()) == ".vae") files.push_back(path);
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<fs::path> all_vaes(const fs::path& model, const std::vector<fs::path>& folders) {
  std::vector<fs::path> files = vaes_in(model.parent_path(), /*marked_only=*/true);
  for (const fs::path& folder : folders)
    for (fs::path& path : vaes_in(folder, /*marked_only=*/false)) files.push_back(std::move(path));
  return files;
}

std::optional<fs::path> by_name(const std::vector<fs::path>& files, const std::string& name) {
  for (const fs::path& path : files)
    if (path.filename() == name || path.stem() == name) return path;
  return std::nullopt;
}

// MODEL.json's "vae"; a card that cannot be read says nothing.
std::string vae_on_card(const fs::path& model) {
  try {
    fs::path card = model;
    const auto json = read_config(card.replace_extension(".json"));
    if (!json || !json->contains("vae") || !(*json)["vae"].is_string()) return "";
    return (*json)["vae"].get<std::string>();
  } catch (const Error&) {
    return "";
  }
}

}  // namespace

std::optional<fs::path> vae_of_model(const fs::path& model, const std::vector<fs::path>& folders) {
  const std::vector<fs::path> files = all_vaes(model, folders);
  const std::string named = vae_on_card(model);
  if (named == "None") return std::nullopt;
  if (const auto file = by_name(files, named); file && !named.empty()) return file;
  const std::string stem = model.stem().string();
  for (const fs::path& path : files)
    if (!stem.empty() && path != model && path.filename().string().starts_with(stem)) return path;
  return std::nullopt;
}

std::optional<fs::path> choose_vae(const std::string& text, const fs::path& model,
                                   const std::vector<fs::path>& folders) {
  const std::string word = lower(text);
  if (word.empty() || word == "automatic") return vae_of_model(model, folders);
  if (word == "none") return std::nullopt;
  std::error_code error;
  if (fs::exists(text, error)) return fs::path(text);
  if (const auto file = by_name(all_vaes(model, folders), text)) return file;
  std::string places;
  for (const fs::path& folder : folders) places += (places.empty() ? "" : ", ") + folder.string();
  throw Error(ErrorKind::NotFound, text + ": no such VAE file, and none of that name in " +
                                       (places.empty() ? "the model's folder" : places));
}

}  // namespace pentimento
