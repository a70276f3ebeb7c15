#include "studio/civitai.h"

#include <algorithm>
#include <array>
#include <utility>

#include "studio/loose_json.h"

namespace pentimento {
namespace {

using Json = nlohmann::json;

constexpr size_t kLongestHtml = 20'000;

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::string hex_or_nothing(std::string text, size_t digits) {
  text = lower(std::move(text));
  const bool hex =
      text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
  return hex ? text : std::string();
}

CivitaiFile file_of(const Json& json) {
  const Json& hashes = loose::at(json, "hashes");
  const Json& metadata = loose::at(json, "metadata");
  CivitaiFile file{.name = loose::text(json, "name", 300),
                   .type = loose::text(json, "type", 60),
                   .precision = loose::text(metadata, "fp", 20),
                   .format = loose::text(metadata, "format", 40),
                   .bytes = 0,
                   .sha256 = hex_or_nothing(loose::text(hashes, "SHA256"), 64),
                   .autov3 = hex_or_nothing(loose::text(hashes, "AutoV3").substr(0, 12), 12),
                   .url = loose::text(json, "downloadUrl", 2000),
                   .primary = loose::boolean(json, "primary")};
  const double kib = loose::number(json, "sizeKB");
  if (kib > 0 && kib < 1e12) file.bytes = static_cast<int64_t>(kib * 1024);
  if (file.format.empty()) file.format = loose::text(json, "format", 40);
  return file;
}

CivitaiImage image_of(const Json& json) {
  CivitaiImage image{.url = loose::text(json, "url", 2000),
                     .nsfw_level = static_cast<int>(
                         std::clamp<int64_t>(loose::integer(json, "nsfwLevel"), 0, 1000)),
                     .video = loose::text(json, "type", 20) == "video"};
  const Json& nsfw = loose::at(json, "nsfw");  // older answers: a word, or true
  if (image.nsfw_level == 0 && nsfw.is_string()) image.nsfw_level = nsfw == "None" ? 1 : 8;
  if (image.nsfw_level == 0 && nsfw.is_boolean()) image.nsfw_level = nsfw.get<bool>() ? 8 : 1;
  return image;
}

// What the model's page allows, in words; "" when it does not say.
std::string licence_of(const Json& model) {
  if (!loose::at(model, "allowDerivatives").is_boolean()) return {};
  std::vector<std::string> parts;
  std::vector<std::string> commercial = loose::texts(model, "allowCommercialUse");
  std::erase(commercial, "None");
  if (!loose::boolean(model, "allowNoCredit")) parts.emplace_back("credit the creator");
  if (commercial.empty()) parts.emplace_back("no commercial use");
  if (!loose::boolean(model, "allowDerivatives")) parts.emplace_back("no merges");
  if (!loose::boolean(model, "allowDifferentLicense"))
    parts.emplace_back("merges under the same terms");
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text.empty() ? "free use" : text;
}

void read_model(const Json& model, CivitaiVersion& version) {
  if (!model.is_object()) return;
  if (version.name.empty()) version.name = loose::text(model, "name", 300);
  if (version.type.empty()) version.type = loose::text(model, "type", 60);
  if (version.description.empty())
    version.description = text_of_html(loose::text(model, "description", 200'000));
  if (version.licence.empty()) version.licence = licence_of(model);
  if (version.tags.empty()) version.tags = loose::texts(model, "tags");
  if (version.creator.empty())
    version.creator = loose::text(loose::at(model, "creator"), "username", 120);
  version.nsfw = version.nsfw || loose::boolean(model, "nsfw");
}

}  // namespace

CivitaiVersion civitai_version(const Json& json) {
  CivitaiVersion version;
  version.model = loose::integer(json, "modelId");
  version.version = loose::integer(json, "id");
  version.version_name = loose::text(json, "name", 300);
  version.base_model = loose::text(json, "baseModel", 60);
  version.downloads =
      std::max<int64_t>(0, loose::integer(loose::at(json, "stats"), "downloadCount"));
  for (const std::string& words : loose::texts(json, "trainedWords"))
    version.trigger_words.push_back(words);
  for (const Json& file : loose::items(json, "files")) version.files.push_back(file_of(file));
  for (const Json& image : loose::items(json, "images")) version.images.push_back(image_of(image));
  read_model(loose::at(json, "model"), version);
  if (version.description.empty())
    version.description = text_of_html(loose::text(json, "description", 200'000));
  return version;
}

std::vector<CivitaiVersion> civitai_model(const Json& json) {
  std::vector<CivitaiVersion> versions;
  for (const Json& item : loose::items(json, "modelVersions")) {
    CivitaiVersion version = civitai_version(item);
    version.description.clear();
    read_model(json, version);
    if (version.model == 0) version.model = loose::integer(json, "id");
    versions.push_back(std::move(version));
  }
  return versions;
}

std::vector<CivitaiVersion> civitai_page(const Json& json) {
  std::vector<CivitaiVersion> newest;
  for (const Json& model : loose::items(json, "items")) {
    auto versions = civitai_model(model);
    if (versions.empty()) continue;
    CivitaiVersion& version = versions.front();
    version.downloads =
        std::max(version.downloads, loose::integer(loose::at(model, "stats"), "downloadCount"));
    newest.push_back(std::move(version));
  }
  return newest;
}

const CivitaiFile* CivitaiVersion::main_file() const {
  const auto first = [&](auto predicate) -> const CivitaiFile* {
    const auto it = std::find_if(files.begin(), files.end(), predicate);
    return it == files.end() ? nullptr : &*it;
  };
  const auto is_model = [](const CivitaiFile& f) {
    return f.type.empty() || f.type == "Model" || f.type == "Pruned Model" || f.type == "VAE";
  };
  const auto is_safe = [](const CivitaiFile& f) {
    return lower(f.format) == "safetensor" || f.name.ends_with(".safetensors");
  };
  if (auto file = first([&](const CivitaiFile& f) { return f.primary && is_safe(f); })) return file;
  if (auto file = first([&](const CivitaiFile& f) { return is_model(f) && is_safe(f); }))
    return file;
  if (auto file = first([](const CivitaiFile& f) { return f.primary; })) return file;
  if (auto file = first(is_model)) return file;
  return files.empty() ? nullptr : &files.front();
}

const CivitaiImage* CivitaiVersion::preview() const {
  for (const CivitaiImage& image : images)
    if (!image.video && image.nsfw_level == 1) return &image;
  return nullptr;
}

std::string CivitaiVersion::page(const std::string& base) const {
  if (model <= 0) return {};
  return base + "/models/" + std::to_string(model) +
         (version > 0 ? "?modelVersionId=" + std::to_string(version) : "");
}

std::string family_of_base_model(const std::string& base_model) {
  const std::string base = lower(base_model);
  const auto has = [&](const char* word) { return base.find(word) != std::string::npos; };
  for (const char* other :
       {"flux", "sd 3", "sd3", "cascade", "pixart", "hunyuan", "wan", "aura", "kolors", "lumina",
        "ltx", "mochi", "cogvideo", "chroma", "hidream", "qwen", "svd", "other"})
    if (has(other)) return {};
  for (const char* xl : {"sdxl", "pony", "illustrious", "noobai", "playground"})
    if (has(xl)) return "SDXL";
  if (has("sd 1") || has("sd1") || has("sd-1") || has("stable-diffusion-v1")) return "SD1";
  if (has("sd 2") || has("sd2") || has("sd-2") || has("stable-diffusion-v2")) return "SD2";
  return {};
}

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kEntities = {
    {{"&amp;", "&"},
     {"&lt;", "<"},
     {"&gt;", ">"},
     {"&quot;", "\""},
     {"&#39;", "'"},
     {"&nbsp;", " "}}};

// What follows the tag that begins at `at`, and a line's end into `out` where the tag ends a line.
size_t after_tag(const std::string& html, const std::string& lowered, size_t at, std::string& out) {
  size_t end = html.find('>', at);
  if (end == std::string::npos) return html.size();
  const std::string_view tag = std::string_view(lowered).substr(at + 1, end - at - 1);
  for (const char* line : {"p", "/p", "br", "/div", "/li", "/h", "hr"})
    if (tag.starts_with(line) && !out.empty() && out.back() != '\n') {
      out += '\n';
      break;
    }
  for (const char* hidden : {"script", "style"})
    if (tag.starts_with(hidden)) {
      const size_t close = lowered.find("</" + std::string(hidden), end);
      end = close == std::string::npos ? close : html.find('>', close);
      if (end == std::string::npos) return html.size();
    }
  return end + 1;
}

}  // namespace

std::string text_of_html(const std::string& html) {
  const std::string lowered = lower(html);
  std::string out;
  for (size_t at = 0; at < html.size() && out.size() < kLongestHtml;) {
    if (html[at] == '<') {
      at = after_tag(html, lowered, at, out);
      continue;
    }
    const auto entity = std::find_if(kEntities.begin(), kEntities.end(), [&](const auto& e) {
      return html.compare(at, e.first.size(), e.first) == 0;
    });
    if (entity != kEntities.end()) {
      out += entity->second;
      at += entity->first.size();
    } else {
      out += html[at++];
    }
  }
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  return loose::clean(out, kLongestHtml);
}

}  // namespace pentimento
