#include "cli/add_on_path.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/error.h"
#include "base/near_words.h"
#include "cli/context.h"
#include "studio/model_library.h"

namespace pentimento {

namespace fs = std::filesystem;

namespace {

constexpr std::array kControlFolders = {"ControlNet", "controlnet"};
constexpr std::array kIpAdapterFolders = {"ipadapter", "IPAdapter"};
constexpr std::array kEncoderFolders = {"clip_vision", "CLIP-vision"};
constexpr std::array kCatVtonFolders = {"CatVTON", "catvton"};

bool is_weights(const fs::directory_entry& entry) {
  std::error_code error;
  if (entry.is_directory(error))
    return fs::exists(entry.path() / "config.json", error) ||
           fs::exists(entry.path() / "attention" / "model.safetensors", error);
  constexpr std::array kExtensions = {".safetensors", ".pth", ".pt", ".bin", ".ckpt"};
  return std::ranges::count(kExtensions, entry.path().extension().string()) > 0;
}

std::vector<fs::path> installed(const Paths& paths, const AddOnKind& kind) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const char* folder : kind.folders)
    for (const auto& entry : fs::directory_iterator(paths.data / "models" / folder, error))
      if (is_weights(entry)) found.push_back(entry.path());
  std::ranges::sort(found);
  return found;
}

}  // namespace

const AddOnKind kControlNets{"ControlNet", kControlFolders, "controlnet"};
const AddOnKind kIpAdapters{"IP-Adapter", kIpAdapterFolders, "ip_adapter"};
const AddOnKind kImageEncoders{"CLIP image encoder", kEncoderFolders, "image_encoder"};
const AddOnKind kCatVtons{"CatVTON", kCatVtonFolders, "catvton"};

fs::path find_add_on(const Context& context, const AddOnKind& kind, const std::string& text) {
  try {
    return find_add_on(context.paths, kind, text);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::NotFound) throw;
    std::vector<std::string> names;
    std::vector<CatalogModel> models = context.library().list();
    std::erase_if(models, [&](const CatalogModel& m) { return m.kind != kind.kind; });
    for (const CatalogModel& model : models) {
      if (!text.empty() && (model.name == text || model.file == text || model.relative == text ||
                            model.path.stem() == text || model.id == text))
        return model.path;
      names.push_back(model.name);
    }
    if (text.empty() && models.size() == 1) return models[0].path;
    throw Error(ErrorKind::NotFound, error.what() + did_you_mean(text, names));
  }
}

bool has_add_on(const Paths& paths, const AddOnKind& kind) {
  return !installed(paths, kind).empty();
}

fs::path find_add_on(const Paths& paths, const AddOnKind& kind, const std::string& text) {
  std::error_code error;
  if (!text.empty() && fs::exists(text, error)) return text;
  const std::vector<fs::path> found = installed(paths, kind);
  for (const fs::path& path : found)
    if (path.filename() == text || path.stem() == text) return path;
  if (text.empty() && found.size() == 1) return found[0];
  if (text.empty() && found.size() > 1) {
    std::string names;
    for (const fs::path& path : found) names += (names.empty() ? "" : ", ") + path.stem().string();
    throw Error(ErrorKind::InvalidArgument,
                std::string("several ") + kind.what + "s are installed, choose one: " + names);
  }
  const std::string folder = (paths.data / "models" / kind.folders[0]).string();
  throw Error(ErrorKind::NotFound,
              (text.empty() ? std::string("no ") + kind.what
                            : text + ": no such " + kind.what + " file or name") +
                  "; put one into " + folder + ", or give the path of a file");
}

}  // namespace pentimento
