#include "studio/model_sources.h"

#include <algorithm>

#include "studio/coded_error.h"
#include "studio/content_store.h"
#include "studio/hugging_face.h"
#include "studio/loose_json.h"
#include "studio/url.h"

namespace pentimento {
namespace {

using Json = nlohmann::json;

constexpr size_t kLongestAnswer = 16 << 20;
constexpr size_t kLargestPicture = 20 << 20;

[[noreturn]] void refuse(const std::string& message, const char* field = "spec") {
  throw CodedError(ErrorKind::InvalidArgument, "invalid", message, field);
}

// Civitai's kinds of models and this library's types.
struct TypeName {
  const char *civitai, *type, *hub_tag;
};
constexpr TypeName kTypes[] = {{"Checkpoint", "checkpoint", "text-to-image"},
                               {"LORA", "lora", "lora"},
                               {"LoCon", "lora", "lora"},
                               {"DoRA", "lora", "lora"},
                               {"TextualInversion", "embedding", "textual_inversion"},
                               {"VAE", "vae", "diffusers:AutoencoderKL"},
                               {"Controlnet", "controlnet", "controlnet"},
                               {"Upscaler", "upscaler", "image-to-image"}};
struct BaseName {
  const char *family, *civitai;
};
constexpr BaseName kBases[] = {
    {"SD1", "SD 1.5"},  {"SD1", "SD 1.4"},      {"SD2", "SD 2.1"},         {"SD2", "SD 2.1 768"},
    {"SD2", "SD 2.0"},  {"SDXL", "SDXL 1.0"},   {"SDXL", "Pony"},          {"SDXL", "Illustrious"},
    {"SDXL", "NoobAI"}, {"SDXL", "SDXL Turbo"}, {"SDXL", "SDXL Lightning"}};

std::string type_of_civitai(const std::string& kind) {
  for (const TypeName& name : kTypes)
    if (kind == name.civitai) return name.type;
  return kind.empty() ? "" : "other";
}

std::string in_digits(const std::string& text) {
  const bool digits = !text.empty() && text.size() < 16 &&
                      text.find_first_not_of("0123456789") == std::string::npos;
  return digits ? text : std::string();
}

int64_t id_in(const std::string& text) {
  const std::string digits = in_digits(text);
  return digits.empty() ? 0 : std::stoll(digits);
}

std::vector<std::string> segments(const std::string& path) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

bool is_repository_word(const std::string& word) {
  return !word.empty() && word.size() <= 96 && word[0] != '.' &&
         std::all_of(word.begin(), word.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

ModelSpec parse_civitai(const std::string& text) {  // "MODEL" or "MODEL@VERSION"
  const size_t at = text.find('@');
  ModelSpec spec{.source = "civitai"};
  spec.model = id_in(text.substr(0, at));
  if (at != std::string::npos) spec.version = id_in(text.substr(at + 1));
  if (spec.model == 0 || (at != std::string::npos && spec.version == 0))
    refuse("'civitai:" + text.substr(0, 100) +
           "' names no model; expected civitai:NUMBER or "
           "civitai:NUMBER@VERSION, as in the address of its page");
  return spec;
}

ModelSpec parse_hub(const std::string& text) {  // owner/name[@revision][:file]
  const size_t colon = text.find(':'), at = std::min(text.find('@'), colon);
  ModelSpec spec{.source = "hugging_face"};
  spec.repository = text.substr(0, std::min(at, colon));
  if (at < colon)
    spec.revision = text.substr(at + 1, colon == std::string::npos ? colon : colon - at - 1);
  if (colon != std::string::npos) spec.file = text.substr(colon + 1);
  const auto words = segments(spec.repository);
  if (words.size() != 2 || !is_repository_word(words[0]) || !is_repository_word(words[1]) ||
      spec.repository != words[0] + "/" + words[1])
    refuse("'hf:" + text.substr(0, 100) +
           "' names no repository; expected hf:owner/name or "
           "hf:owner/name:file");
  return spec;
}

// Pages and downloads of the two sources are the same as their short forms.
ModelSpec parse_address(const std::string& text, const SourceSettings& settings) {
  const HttpsUrl url = parse_https_url(text);
  const auto parts = segments(url.path);
  const auto is_host = [&](const ModelSource& source, const char* usual) {
    return url.host == usual || url.host == parse_https_url(source.url).host;
  };
  ModelSpec spec{.source = "civitai"};
  if (is_host(settings.civitai, "civitai.com") || url.host == "civitai.red") {
    if (parts.size() >= 2 && parts[0] == "models") {
      spec.model = id_in(parts[1]);
      spec.version = id_in(query_value(url, "modelVersionId"));
      if (spec.model > 0) return spec;
    }
    if (parts.size() == 4 && parts[0] == "api" && parts[1] == "download" && parts[2] == "models") {
      spec.version = id_in(parts[3]);
      if (spec.version > 0) return spec;
    }
  }
  if (is_host(settings.hugging_face, "huggingface.co") && parts.size() >= 2 && parts[0] != "api" &&
      is_repository_word(parts[0]) && is_repository_word(parts[1])) {
    spec = {.source = "hugging_face", .repository = parts[0] + "/" + parts[1]};
    if (parts.size() == 2) return spec;
    if (parts.size() >= 5 && (parts[2] == "resolve" || parts[2] == "blob")) {
      spec.revision = parts[3];
      for (size_t i = 4; i < parts.size(); ++i) spec.file += (i > 4 ? "/" : "") + parts[i];
      return spec;
    }
    if (parts.size() == 4 && parts[2] == "tree") {
      spec.revision = parts[3];
      return spec;
    }
  }
  return {.source = "address", .url = text};
}

std::string joined(const std::vector<std::string>& words, size_t most) {
  std::string text;
  for (size_t i = 0; i < words.size() && i < most; ++i) text += (i ? ", " : "") + words[i];
  if (words.size() > most) text += " and " + std::to_string(words.size() - most) + " more";
  return text;
}

}  // namespace

ModelSpec parse_model_spec(const std::string& text, const SourceSettings& settings) {
  if (text.size() > 2000) refuse("the address is longer than any");
  if (text.starts_with("civitai:")) return parse_civitai(text.substr(8));
  if (text.starts_with("hf:")) return parse_hub(text.substr(3));
  if (text.starts_with("urn:air:")) {
    const size_t mark = text.find(":civitai:");
    if (mark == std::string::npos) refuse("only Civitai's resource names are known here");
    return parse_civitai(text.substr(mark + 9));
  }
  if (text.find("://") != std::string::npos) return parse_address(text, settings);
  refuse("'" + text.substr(0, 100) +
         "' is none of civitai:NUMBER, hf:owner/name[:file] and https://…");
}

Json ModelSources::ask(const std::string& url, const Progress& progress) const {
  Json json = loose::parse(web_.text(url, kLongestAnswer, progress), kLongestAnswer);
  if (json.is_null())
    throw WebError(ErrorKind::Io, "network",
                   parse_https_url(url).host +
                       ": answered something that is not JSON; is the "
                       "address of the mirror right?",
                   /*transient=*/false);
  return json;
}

// --- Civitai -------------------------------------------------------------------------------------

ModelOffer ModelSources::offer_of(const CivitaiVersion& version) const {
  ModelOffer offer{.source = "civitai"};
  offer.spec = "civitai:" + std::to_string(version.model) + "@" + std::to_string(version.version);
  offer.name = version.name;
  offer.version = version.version_name;
  offer.type = type_of_civitai(version.type);
  offer.base_model = version.base_model;
  offer.family = family_of_base_model(version.base_model);
  offer.licence = version.licence;
  offer.creator = version.creator;
  offer.description = version.description;
  offer.page = version.page(web_.sources().civitai.url);
  offer.trigger_words = version.trigger_words;
  offer.downloads = version.downloads;
  offer.nsfw = version.nsfw;
  if (const CivitaiImage* image = version.preview()) offer.preview_url = image->url;
  if (const CivitaiFile* file = version.main_file()) {
    offer.bytes = file->bytes;
    std::string url = file->url;
    if (url.empty())
      url = web_.sources().civitai.url + "/api/download/models/" + std::to_string(version.version);
    offer.files = {{file->name, url, /*bytes=*/0, file->sha256}};
  }
  return offer;
}

ModelOffer ModelSources::civitai(int64_t model, int64_t version, const Progress& progress) const {
  const std::string& base = web_.sources().civitai.url;
  if (model == 0) {  // a download's address names only the version
    const Json json = ask(base + "/api/v1/model-versions/" + std::to_string(version), progress);
    ModelOffer offer = offer_of(civitai_version(json));
    offer.civitai_json = json.dump(2, ' ', false, Json::error_handler_t::replace);
    return offer;
  }
  const Json json = ask(base + "/api/v1/models/" + std::to_string(model), progress);
  const auto versions = civitai_model(json);
  const auto it = std::find_if(versions.begin(), versions.end(), [&](const CivitaiVersion& v) {
    return version == 0 || v.version == version;
  });
  if (it == versions.end())
    throw WebError(
        ErrorKind::NotFound, "not_found",
        "Civitai's model " + std::to_string(model) + " has no version " + std::to_string(version),
        /*transient=*/false);
  ModelOffer offer = offer_of(*it);
  // The form .civitai.info files have: the version, with the model's own words inside it.
  for (const Json& item : loose::items(json, "modelVersions"))
    if (loose::integer(item, "id") == it->version) {
      Json info = item;
      info["modelId"] = it->model;
      info["model"] = Json::object();
      for (const char* key :
           {"name", "type", "nsfw", "description", "tags", "creator", "allowNoCredit",
            "allowCommercialUse", "allowDerivatives", "allowDifferentLicense"})
        if (json.contains(key)) info["model"][key] = json[key];
      offer.civitai_json = info.dump(2, ' ', false, Json::error_handler_t::replace);
    }
  return offer;
}

ModelOffer ModelSources::known_to_civitai(const std::string& sha256,
                                          const Progress& progress) const {
  if (!is_sha256(sha256))
    refuse("the hash is not known yet; wait until the library has read the file");
  const Json json =
      ask(web_.sources().civitai.url + "/api/v1/model-versions/by-hash/" + sha256, progress);
  ModelOffer offer = offer_of(civitai_version(json));
  offer.civitai_json = json.dump(2, ' ', false, Json::error_handler_t::replace);
  return offer;
}

std::vector<ModelOffer> ModelSources::search_civitai(const ModelQuery& query,
                                                     const Progress& progress) const {
  std::string url = web_.sources().civitai.url +
                    "/api/v1/models?limit=" + std::to_string(query.limit) +
                    "&nsfw=" + (query.nsfw ? "true" : "false");
  if (!query.text.empty()) url += "&query=" + url_encoded(query.text);
  for (const TypeName& name : kTypes)
    if (query.type == name.type) url += "&types=" + url_encoded(name.civitai);
  for (const BaseName& base : kBases)
    if (query.family == base.family) url += "&baseModels=" + url_encoded(base.civitai);
  if (query.text.empty()) url += "&sort=" + url_encoded("Most Downloaded");
  std::vector<ModelOffer> offers;
  for (const CivitaiVersion& version : civitai_page(ask(url, progress))) {
    ModelOffer offer = offer_of(version);
    const bool wanted = (query.type.empty() || offer.type == query.type) &&
                        (query.family.empty() || offer.family == query.family) &&
                        (query.nsfw || !offer.nsfw);
    if (wanted) offers.push_back(std::move(offer));
  }
  return offers;
}

// --- Hugging Face --------------------------------------------------------------------------------

namespace {

ModelOffer offer_of_repository(const HubRepository& repository, const std::string& base) {
  ModelOffer offer{.source = "hugging_face"};
  offer.spec = "hf:" + repository.id;
  offer.name = repository.id.substr(repository.id.find('/') + 1);
  offer.type = hub_type(repository);
  offer.base_model = repository.base_model;
  offer.family = family_of_base_model(repository.base_model);
  if (offer.family.empty())
    for (const std::string& tag : repository.tags)
      if (offer.family.empty() && tag.starts_with("stable-diffusion"))
        offer.family = tag == "stable-diffusion-xl" ? "SDXL" : "";
  offer.licence = repository.licence;
  offer.creator = repository.author;
  offer.page = base + "/" + repository.id;
  offer.downloads = repository.downloads;
  offer.nsfw = repository.nsfw;
  return offer;
}

}  // namespace

ModelOffer ModelSources::hugging_face(const std::string& repository_id, const std::string& revision,
                                      const std::string& wanted, const Progress& progress) const {
  const std::string& base = web_.sources().hugging_face.url;
  const std::string about = base + "/api/models/" + repository_id +
                            (revision.empty() ? "" : "/revision/" + url_encoded(revision)) +
                            "?blobs=true";
  HubRepository repository = hub_repository(ask(about, progress));
  if (repository.id.empty()) repository.id = repository_id;
  ModelOffer offer = offer_of_repository(repository, base);
  const std::string commit = !repository.revision.empty() ? repository.revision
                             : revision.empty()           ? "main"
                                                          : revision;
  const auto add = [&](const HubFile& file, const std::string& path) {
    offer.files.push_back({path,
                           base + "/" + repository.id + "/resolve/" + url_encoded(commit) + "/" +
                               url_encoded_path(file.path),
                           file.bytes, file.sha256});
    offer.bytes += file.bytes;
  };
  const auto file_name = [](const std::string& path) {
    return path.substr(path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1);
  };
  if (!wanted.empty()) {
    const auto it = std::find_if(repository.files.begin(), repository.files.end(),
                                 [&](const HubFile& f) { return f.path == wanted; });
    if (it == repository.files.end())
      refuse("hf:" + repository.id + " has no file '" + wanted.substr(0, 100) + "'; it has " +
             joined(hub_weight_files(repository), 12));
    offer.spec += ":" + wanted;
    add(*it, file_name(wanted));
    return offer;
  }
  if (const HubFile* file = hub_main_file(repository)) {
    offer.spec += ":" + file->path;
    add(*file, file_name(file->path));
    return offer;
  }
  for (const HubFile& file : hub_diffusers_files(repository)) {
    std::string path = file.path;  // stored under the plain name: one set of weights is one set
    if (const size_t half = path.find(".fp16."); half != std::string::npos) path.erase(half, 5);
    add(file, path);
  }
  if (offer.files.empty()) {
    const auto files = hub_weight_files(repository);
    refuse(files.empty() ? "hf:" + repository.id + " holds no model files"
                         : "hf:" + repository.id + " holds several files, name one as hf:" +
                               repository.id + ":FILE; there are " + joined(files, 12));
  }
  return offer;
}

std::vector<ModelOffer> ModelSources::search_hugging_face(const ModelQuery& query,
                                                          const Progress& progress) const {
  const std::string& base = web_.sources().hugging_face.url;
  std::string url = base + "/api/models?full=true&sort=downloads&direction=-1&limit=" +
                    std::to_string(query.limit) + "&search=" + url_encoded(query.text);
  for (const TypeName& name : kTypes)
    if (query.type == name.type) {
      url += "&filter=" + url_encoded(name.hub_tag);
      break;
    }
  if (query.family == "SDXL" && query.type != "vae") url += "&filter=stable-diffusion-xl";
  std::vector<ModelOffer> offers;
  const Json answer = {{"items", ask(url, progress)}};
  for (const Json& item : loose::items(answer, "items")) {
    const HubRepository repository = hub_repository(item);
    if (repository.id.empty() || (repository.nsfw && !query.nsfw)) continue;
    offers.push_back(offer_of_repository(repository, base));
  }
  return offers;
}

// --- both ----------------------------------------------------------------------------------------

std::vector<ModelOffer> ModelSources::search(const ModelQuery& query,
                                             const Progress& progress) const {
  if (query.limit < 1 || query.limit > 100)
    refuse("limit is " + std::to_string(query.limit) + ", expected 1 to 100", "limit");
  if (query.text.size() > 200) refuse("the text to search for is longer than 200 bytes", "query");
  const auto known = [](const std::string& word, std::initializer_list<const char*> words,
                        const char* field) {
    if (word.empty() || std::find(words.begin(), words.end(), word) != words.end()) return;
    std::string list;
    for (const char* each : words) list += (list.empty() ? "" : ", ") + std::string(each);
    refuse(std::string(field) + " is '" + word.substr(0, 40) + "', expected one of " + list, field);
  };
  known(query.type, {"checkpoint", "lora", "embedding", "vae", "controlnet", "upscaler"}, "kind");
  known(query.family, {"SD1", "SD2", "SDXL"}, "base");
  if (query.source == "civitai") return search_civitai(query, progress);
  if (query.source == "hugging_face" || query.source == "hf")
    return search_hugging_face(query, progress);
  known(query.source, {"civitai", "hugging_face"}, "source");
  return {};
}

ModelOffer ModelSources::resolve(const std::string& text, const Progress& progress) const {
  const ModelSpec spec = parse_model_spec(text, web_.sources());
  if (spec.source == "civitai") return civitai(spec.model, spec.version, progress);
  if (spec.source == "hugging_face")
    return hugging_face(spec.repository, spec.revision, spec.file, progress);
  const HttpsUrl url = parse_https_url(spec.url);
  const auto parts = segments(url.path);
  ModelOffer offer{.source = "address", .spec = spec.url};
  offer.page = spec.url;
  offer.files = {{parts.empty() ? "model.safetensors" : parts.back(), spec.url, 0, ""}};
  offer.name = offer.files[0].path;
  return offer;
}

std::string ModelSources::picture(const std::string& url, const Progress& progress) const {
  return web_.text(url, kLargestPicture, progress);
}

}  // namespace pentimento
