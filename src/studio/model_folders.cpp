#include "studio/model_folders.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <system_error>
#include <utility>

namespace pentimento {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepest = 32;

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// Folder names of AUTOMATIC1111, Forge, ComfyUI and Stability Matrix.
const std::map<std::string, std::string>& places() {
  static const std::map<std::string, std::string> table = {
      {"stable-diffusion", "checkpoint"},
      {"stablediffusion", "checkpoint"},
      {"checkpoints", "checkpoint"},
      {"checkpoint", "checkpoint"},
      {"vae", "vae"},
      {"vae-approx", "vae"},
      {"vae_approx", "vae"},
      {"vae-taesd", "vae"},
      {"approxvae", "vae"},
      {"lora", "lora"},
      {"loras", "lora"},
      {"lycoris", "lora"},
      {"embeddings", "embedding"},
      {"embedding", "embedding"},
      {"textualinversion", "embedding"},
      {"esrgan", "upscaler"},
      {"realesrgan", "upscaler"},
      {"upscale_models", "upscaler"},
      {"upscalers", "upscaler"},
      {"dat", "upscaler"},
      {"swinir", "upscaler"},
      {"hat", "upscaler"},
      {"controlnet", "controlnet"},
      {"t2iadapter", "controlnet"},
      {"t2i_adapter", "controlnet"},
      {"clip", "other"},
      {"text_encoder", "other"},
      {"text_encoders", "other"},
      {"unet", "other"},
      {"diffusion_models", "other"},
      {"clip_vision", "other"},
      {"ipadapter", "other"},
      {"hypernetworks", "other"},
      {"gfpgan", "other"},
      {"codeformer", "other"},
      {"facerestore_models", "other"},
  };
  return table;
}

bool is_passed_over(const std::string& name) {
  static const std::set<std::string> kNames = {"venv",   "__pycache__",   "node_modules", "outputs",
                                               "output", "site-packages", "repositories", "karlo"};
  return name.empty() || name[0] == '.' || kNames.contains(lower(name));
}

bool is_weight_name(const std::string& extension) {
  static const std::set<std::string> kExtensions = {
      ".safetensors", ".sft", ".ckpt", ".pt", ".pth", ".bin", ".gguf", ".onnx", ".param"};
  return kExtensions.contains(lower(extension));
}

// A picture that may be an embedding; not the preview of one.
bool is_embedding_picture(const fs::path& path, const std::string& place,
                          const std::set<std::string>& present) {
  const std::string extension = lower(path.extension().string());
  if (place != "embedding" || (extension != ".png" && extension != ".webp")) return false;
  const std::string stem = path.stem().string();
  if (lower(stem).ends_with(".preview")) return false;
  return std::ranges::none_of(std::array{".pt", ".bin", ".safetensors"}, [&](const char* weights) {
    return present.contains(stem + weights);
  });
}

// What AUTOMATIC1111, Civitai Helper and Stability Matrix put beside NAME.safetensors.
constexpr std::array kBeside = {
    ".civitai.info", ".json",        ".cm-info.json", ".txt",          ".description.txt",
    ".png",          ".jpg",         ".jpeg",         ".webp",         ".gif",
    ".preview.png",  ".preview.jpg", ".preview.jpeg", ".preview.webp", ".preview.gif"};

struct Stat {
  bool exists = false, folder = false, file = false;
  int64_t bytes = 0, changed_ns = 0;
  uint64_t device = 0, inode = 0;
};

Stat stat_of(const fs::path& path) {
  struct ::stat s {};
  if (::stat(path.c_str(), &s) != 0) return {};
  return {.exists = true,
          .folder = S_ISDIR(s.st_mode),
          .file = S_ISREG(s.st_mode),
          .bytes = s.st_size,
          .changed_ns = s.st_mtim.tv_sec * 1'000'000'000 + s.st_mtim.tv_nsec,
          .device = s.st_dev,
          .inode = s.st_ino};
}

// The folders of a program's tree that hold models; the folder itself when it is no program's.
std::vector<fs::path> model_folders_in(const fs::path& root) {
  std::error_code ignored;
  const bool program =
      fs::is_directory(root / "models", ignored) &&
      std::ranges::any_of(std::array{"webui.py", "webui.sh", "launch.py", "main.py", "comfy"},
                          [&](const char* name) { return fs::exists(root / name, ignored); });
  if (!program) return {root};
  std::vector<fs::path> folders = {root / "models"};
  for (const char* name : {"embeddings", "extensions/sd-webui-controlnet/models"})
    if (fs::is_directory(root / name, ignored)) folders.push_back(root / name);
  return folders;
}

class Walk {
 public:
  Walk(FoundModels& found, const Progress& progress) : found_(found), progress_(progress) {}

  void root(const fs::path& folder) {
    root_ = folder;
    for (const fs::path& start : model_folders_in(folder)) {
      const Stat stat = stat_of(start);
      if (!stat.exists || !stat.folder) {
        found_.problems.push_back(start.string() + ": is not a folder that can be entered");
        continue;
      }
      const auto place = places().find(lower(start.filename().string()));
      visit(start, stat, place == places().end() ? "" : place->second, 0);
    }
  }

 private:
  void visit(const fs::path& folder, const Stat& stat, const std::string& place, int depth) {
    if (depth > kDeepest || !visited_.insert({stat.device, stat.inode}).second) return;
    progress_.at("scan", static_cast<int>(found_.models.size()), 0);
    found_.folders.push_back(folder);
    std::vector<std::string> names;
    if (!read_names(folder, names)) return;
    const std::set<std::string> present(names.begin(), names.end());
    for (const std::string& name : names) {
      const fs::path path = folder / name;
      const bool weights =
          is_weight_name(path.extension().string()) || is_embedding_picture(path, place, present);
      // What has an extension of another kind is seldom a folder; its name alone rules it out.
      if (!weights && path.has_extension() && path.extension().string().size() <= 6 &&
          !looks_like_a_folder(path))
        continue;
      const Stat entry = stat_of(path);
      if (entry.folder) {
        if (is_passed_over(name)) continue;
        std::error_code ignored;
        if (fs::exists(path / "model_index.json", ignored)) {
          add_folder(path, place, present);
        } else {
          const auto known = places().find(lower(name));
          visit(path, entry, known == places().end() ? place : known->second, depth + 1);
        }
      } else if (entry.file && weights && !belongs_to_another(path, present)) {
        add(path, entry.bytes, entry.changed_ns, entry.inode, place, present);
      }
    }
  }

  static bool looks_like_a_folder(const fs::path& path) {
    static const std::set<std::string> kFiles = {".png",  ".jpg",  ".jpeg", ".webp", ".gif",
                                                 ".txt",  ".json", ".info", ".yaml", ".md",
                                                 ".part", ".py",   ".mp4",  ".zip"};
    return !kFiles.contains(lower(path.extension().string()));
  }

  bool read_names(const fs::path& folder, std::vector<std::string>& names) {
    std::error_code error;
    fs::directory_iterator entries(folder, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error))
      names.push_back(entries->path().filename().string());
    if (error) found_.problems.push_back(folder.string() + ": cannot be read: " + error.message());
    std::sort(names.begin(), names.end());
    return !error || !names.empty();
  }

  // ncnn's weights lie beside the .param that describes them.
  static bool belongs_to_another(const fs::path& path, const std::set<std::string>& present) {
    return path.extension() == ".bin" && present.contains(path.stem().string() + ".param");
  }

  void add_folder(const fs::path& path, const std::string& place,
                  const std::set<std::string>& present) {
    found_.folders.push_back(path);
    int64_t bytes = 0, newest = stat_of(path / "model_index.json").changed_ns;
    uint64_t inode = stat_of(path).inode;
    std::error_code error;
    for (const auto& part : fs::directory_iterator(path, error)) {
      if (!part.is_directory(error)) continue;
      found_.folders.push_back(part.path());
      for (const auto& file : fs::directory_iterator(part.path(), error)) {
        if (!is_weight_name(file.path().extension().string())) continue;
        const Stat stat = stat_of(file.path());
        bytes += stat.bytes;
        newest = std::max(newest, stat.changed_ns);
      }
    }
    add(path, bytes, newest, inode, place, present);
  }

  void add(const fs::path& path, int64_t bytes, int64_t changed_ns, uint64_t inode,
           const std::string& place, const std::set<std::string>& present) {
    FoundModel model{.path = path,
                     .root = root_,
                     .place = place,
                     .bytes = bytes,
                     .changed_ns = changed_ns,
                     .inode = inode,
                     .beside = {},
                     .beside_stamp = {}};
    const bool file =
        is_weight_name(path.extension().string()) || is_embedding_picture(path, place, present);
    const std::string stem = file ? path.stem().string() : path.filename().string();
    for (const char* suffix : kBeside) {
      const std::string name = stem + suffix;
      if (!present.contains(name)) continue;
      const Stat stat = stat_of(path.parent_path() / name);
      if (!stat.file) continue;
      model.beside.push_back(name);
      model.beside_stamp +=
          name + " " + std::to_string(stat.bytes) + " " + std::to_string(stat.changed_ns) + "\n";
    }
    found_.models.push_back(std::move(model));
  }

  FoundModels& found_;
  const Progress& progress_;
  fs::path root_;
  std::set<std::pair<uint64_t, uint64_t>> visited_;
};

}  // namespace

FoundModels find_models(std::span<const fs::path> roots, const Progress& progress) {
  FoundModels found;
  Walk walk(found, progress);
  for (const fs::path& root : roots) {
    std::error_code ignored;
    const fs::path absolute = fs::absolute(root, ignored).lexically_normal();
    walk.root(absolute.has_filename() ? absolute : absolute.parent_path());
  }
  return found;
}

}  // namespace pentimento
