#include "pipelines/upscalers.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.h"
#include "base/mapped_file.h"

namespace pentimento {

namespace fs = std::filesystem;

namespace {

struct Label {
  const char *name, *label;
};
constexpr std::array kLabels = {
    Label{"lanczos", "Lanczos"},
    Label{"realesrgan-x4plus", "R-ESRGAN 4x+"},
    Label{"realesrgan-x4plus-anime", "R-ESRGAN 4x+ Anime6B"},
    Label{"realesr-animevideov3", "R-ESRGAN AnimeVideo"},
    Label{"realesr-general-x4v3", "R-ESRGAN General 4xV3"},
};

// "Some Name" -> "some name"; bytes beyond ASCII stay.
std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

bool is_network(const fs::path& path) {
  const std::string extension = lower(path.extension().string());
  return extension == ".pth" || extension == ".safetensors" || extension == ".pt" ||
         extension == ".param";
}

// The bytes of both, or of their ncnn weights.
bool same_weights(const fs::path& a, const fs::path& b) {
  const auto weights = [](fs::path path) {
    if (path.extension() == ".param") path.replace_extension(".bin");
    return path;
  };
  std::error_code error;
  const auto size = fs::file_size(weights(a), error);
  if (error || size == 0 || fs::file_size(weights(b), error) != size || error) return false;
  const auto left = MappedFile::open(weights(a)), right = MappedFile::open(weights(b));
  return std::memcmp(left->bytes().data(), right->bytes().data(), size) == 0;
}

UpscalerEntry entry_of(const fs::path& path) {
  UpscalerEntry entry{.name = path.stem().string(), .label = "", .path = path};
  for (const Label& known : kLabels)
    if (entry.name == known.name) entry.label = known.label;
  if (entry.label.empty()) entry.label = entry.name;
  return entry;
}

// Real-ESRGAN's animation network: three listings over the same weights, which enlarge four times;
// two of them reduce the result again, which we do ourselves for any size.
constexpr std::string_view kAnimation = "realesr-animevideov3-x";

}  // namespace

std::vector<UpscalerEntry> installed_upscalers(std::span<const fs::path> folders) {
  std::vector<UpscalerEntry> found;
  for (const fs::path& folder : folders) {
    std::error_code error;
    for (const auto& file : fs::directory_iterator(folder, error))
      if (is_network(file.path()) && fs::is_regular_file(file.path(), error))
        found.push_back(entry_of(file.path()));
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return lower(a.name) < lower(b.name); });
  std::vector<UpscalerEntry> networks;
  for (UpscalerEntry& entry : found) {
    const bool repeated =
        std::any_of(networks.begin(), networks.end(), [&](const UpscalerEntry& known) {
          return known.name == entry.name || same_weights(known.path, entry.path);
        });
    if (repeated) continue;
    if (entry.name.starts_with(kAnimation)) {
      const fs::path path = entry.path;
      entry = entry_of("realesr-animevideov3");
      entry.path = path;
    }
    networks.push_back(std::move(entry));
  }
  networks.insert(networks.begin(), UpscalerEntry{"lanczos", "Lanczos", {}});
  return networks;
}

UpscalerEntry find_upscaler(std::span<const fs::path> folders, const std::string& text) {
  const auto installed = installed_upscalers(folders);
  const std::string wanted = lower(text);
  for (const UpscalerEntry& entry : installed)
    if (wanted == lower(entry.name) || wanted == lower(entry.label) ||
        (!entry.path.empty() && text == entry.path.filename()))
      return entry;
  for (const fs::path& folder : folders) {  // a repeated one, by its own name
    std::error_code error;
    for (const auto& file : fs::directory_iterator(folder, error))
      if (is_network(file.path()) && wanted == lower(file.path().stem().string()))
        return entry_of(file.path());
  }
  std::error_code error;
  if (fs::is_regular_file(text, error)) return entry_of(text);
  std::string names;
  for (const UpscalerEntry& entry : installed) names += (names.empty() ? "" : ", ") + entry.name;
  throw Error(ErrorKind::NotFound,
              text + ": no such upscaling network or file; installed: " + names);
}

}  // namespace pentimento
