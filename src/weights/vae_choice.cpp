#include "weights/vae_choice.h"

#include <algorithm>

#include "base/error.h"
#include "base/near_words.h"
#include "weights/model_card.h"

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

std::vector<fs::path> all_vaes(const fs::path& model, const std::vector<fs::path>& places) {
  std::vector<fs::path> files = vaes_in(model.parent_path(), /*marked_only=*/true);
  for (const fs::path& place : places) {
    std::error_code error;
    if (fs::is_regular_file(place, error)) files.push_back(place);
    for (fs::path& path : vaes_in(place, /*marked_only=*/false)) files.push_back(std::move(path));
  }
  return files;
}

std::optional<fs::path> by_name(const std::vector<fs::path>& files, const std::string& name) {
  for (const fs::path& path : files)
    if (path.filename() == name || path.stem() == name) return path;
  return std::nullopt;
}

}  // namespace

std::optional<fs::path> vae_of_model(const fs::path& model, const std::vector<fs::path>& places) {
  const std::vector<fs::path> files = all_vaes(model, places);
  const std::string named = read_model_card(model).vae;
  if (named == "None") return std::nullopt;
  if (auto file = by_name(files, named); file && !named.empty()) return file;
  const std::string stem = model.stem().string();
  for (const fs::path& path : files)
    if (!stem.empty() && path != model && path.filename().string().starts_with(stem)) return path;
  return std::nullopt;
}

bool keeps_own_vae(const fs::path& model) { return read_model_card(model).vae == "None"; }

std::optional<fs::path> choose_vae(const std::string& text, const fs::path& model,
                                   const std::vector<fs::path>& places) {
  const std::string word = lower(text);
  if (word.empty() || word == "automatic") return vae_of_model(model, places);
  if (word == "none") return std::nullopt;
  std::error_code error;
  if (fs::exists(text, error)) return fs::path(text);
  const std::vector<fs::path> files = all_vaes(model, places);
  if (auto file = by_name(files, text)) return file;
  std::vector<std::string> names;
  for (const fs::path& file : files) names.push_back(file.stem().string());
  std::string near = did_you_mean(text, names);
  if (near.empty())
    near = files.empty()
               ? "; put VAEs into the models folder, under VAE, or give the path of a file"
               : "; pentimento models list --kind vae shows those there are";
  throw Error(ErrorKind::NotFound,
              text + ": no such VAE file, and there is no VAE of that name" + near);
}

}  // namespace pentimento
