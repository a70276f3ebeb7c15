#include "studio/hugging_face.h"

#include <algorithm>
#include <map>
#include <set>

#include "studio/loose_json.h"

namespace pentimento {
namespace {

using Json = nlohmann::json;

bool is_weight_file(const std::string& path) {
  for (const char* extension : {".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".gguf"})
    if (path.ends_with(extension)) return true;
  return false;
}

bool is_at_the_top(const std::string& path) { return path.find('/') == std::string::npos; }

// Paths come from strangers and become files here.
bool is_harmless_path(const std::string& path) {
  if (path.empty() || path.size() > 300 || path[0] == '/' || path.find('\\') != std::string::npos)
    return false;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    if (part.empty() || part[0] == '.') return false;
    begin = end + 1;
  }
  return std::none_of(path.begin(), path.end(),
                      [](char c) { return static_cast<unsigned char>(c) < ' '; });
}

std::string tag_value(const HubRepository& repository, const std::string& prefix) {
  for (const std::string& tag : repository.tags)
    if (tag.starts_with(prefix)) return tag.substr(prefix.size());
  return {};
}

}  // namespace

HubRepository hub_repository(const Json& json) {
  HubRepository r{.id = loose::text(json, "id", 200),
                  .revision = loose::text(json, "sha", 64),
                  .licence = {},
                  .base_model = {},
                  .author = loose::text(json, "author", 120),
                  .tags = loose::texts(json, "tags"),
                  .files = {},
                  .downloads = std::max<int64_t>(0, loose::integer(json, "downloads")),
                  .gated = false,
                  .nsfw = false};
  if (r.id.empty()) r.id = loose::text(json, "modelId", 200);
  const Json& gated = loose::at(json, "gated");
  r.gated = gated.is_string() || (gated.is_boolean() && gated.get<bool>());
  r.licence = tag_value(r, "license:");
  r.base_model = tag_value(r, "base_model:adapter:");
  if (r.base_model.empty()) r.base_model = tag_value(r, "base_model:");
  r.nsfw = std::find(r.tags.begin(), r.tags.end(), "not-for-all-audiences") != r.tags.end();
  for (const Json& item : loose::items(json, "siblings", 5000)) {
    const Json& lfs = loose::at(item, "lfs");
    HubFile file{.path = loose::text(item, "rfilename", 400),
                 .bytes = std::max<int64_t>(0, loose::integer(item, "size")),
                 .sha256 = loose::text(lfs, "sha256", 64)};
    if (file.bytes == 0) file.bytes = std::max<int64_t>(0, loose::integer(lfs, "size"));
    const bool hash = file.sha256.size() == 64 &&
                      file.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!hash) file.sha256.clear();
    if (is_harmless_path(file.path)) r.files.push_back(std::move(file));
  }
  return r;
}

std::string hub_type(const HubRepository& repository) {
  const auto tagged = [&](const char* tag) {
    return std::find(repository.tags.begin(), repository.tags.end(), tag) != repository.tags.end();
  };
  if (tagged("lora")) return "lora";
  if (tagged("textual_inversion")) return "embedding";
  if (tagged("controlnet")) return "controlnet";
  if (tagged("diffusers:AutoencoderKL") || tagged("vae")) return "vae";
  if (tagged("stable-diffusion") || tagged("stable-diffusion-xl") ||
      tagged("diffusers:StableDiffusionPipeline") ||
      tagged("diffusers:StableDiffusionXLPipeline") || tagged("text-to-image"))
    return "checkpoint";
  return {};
}

const HubFile* hub_main_file(const HubRepository& repository) {
  const HubFile *only = nullptr, *safe = nullptr;
  int files = 0, safe_files = 0;
  for (const HubFile& file : repository.files) {
    if (!is_at_the_top(file.path) || !is_weight_file(file.path)) continue;
    ++files;
    only = &file;
    if (file.path.ends_with(".safetensors")) ++safe_files, safe = &file;
  }
  if (safe_files == 1) return safe;
  return files == 1 ? only : nullptr;
}

std::vector<HubFile> hub_diffusers_files(const HubRepository& repository) {
  std::vector<HubFile> chosen;
  std::map<std::string, std::vector<const HubFile*>> weights;  // by part: "unet", "vae" …
  bool is_pipeline = false;
  for (const HubFile& file : repository.files) {
    const size_t slash = file.path.find('/');
    if (file.path == "model_index.json") is_pipeline = true;
    if (slash == std::string::npos) {
      if (file.path == "model_index.json") chosen.push_back(file);
      continue;
    }
    const std::string part = file.path.substr(0, slash);
    static const std::set<std::string> kParts = {
        "unet", "vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "scheduler"};
    if (!kParts.contains(part) || file.path.find('/', slash + 1) != std::string::npos) continue;
    if (is_weight_file(file.path))
      weights[part].push_back(&file);
    else if (file.path.ends_with(".json") || file.path.ends_with(".txt"))
      chosen.push_back(file);
  }
  if (!is_pipeline) return {};
  // Half precision in safetensors is the smallest that is whole; sharded and EMA sets are not.
  for (const auto& [part, files] : weights) {
    const auto find = [&files = files](const char* ending) -> const HubFile* {
      const auto it = std::find_if(files.begin(), files.end(), [&](const HubFile* f) {
        return f->path.ends_with(ending) && f->path.find("-of-") == std::string::npos &&
               f->path.find("non_ema") == std::string::npos;
      });
      return it == files.end() ? nullptr : *it;
    };
    const HubFile* best = nullptr;
    for (const char* ending :
         {".fp16.safetensors", "model.safetensors", ".safetensors", ".fp16.bin", ".bin"})
      if (!best) best = find(ending);
    if (!best) return {};
    chosen.push_back(*best);
  }
  return weights.contains("unet") ? chosen : std::vector<HubFile>{};
}

std::vector<std::string> hub_weight_files(const HubRepository& repository) {
  std::vector<std::string> names;
  for (const HubFile& file : repository.files)
    if (is_weight_file(file.path)) names.push_back(file.path);
  return names;
}

}  // namespace pentimento
