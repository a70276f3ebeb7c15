#include "studio/source_settings.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "studio/coded_error.h"
#include "studio/content_store.h"
#include "studio/fields.h"
#include "studio/url.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

// Civitai delivers from Cloudflare's storage, Hugging Face from hf.co; upscalers are on GitHub.
constexpr std::array kUsualHosts = {"civitai.com",
                                    "*.civitai.com",
                                    "civitai.red",
                                    "*.civitai.red",
                                    "*.cloudflarestorage.com",
                                    "huggingface.co",
                                    "*.huggingface.co",
                                    "hf.co",
                                    "*.hf.co",
                                    "hf-mirror.com",
                                    "github.com",
                                    "*.githubusercontent.com"};

const std::vector<Field>& source_fields() {
  static const std::vector<Field> fields = {
      {.name = "url", .what = "address of the source or of a mirror", .maximum = 300},
      {.name = "token", .what = "shown to token_host only", .maximum = 300},
      {.name = "token_host", .what = "host that may see the token", .maximum = 300}};
  return fields;
}

const std::vector<Field>& settings_fields() {
  static const std::vector<Field> fields = {
      {.name = "civitai", .type = FieldType::Object, .what = "", .fields = source_fields()},
      {.name = "hugging_face", .type = FieldType::Object, .what = "", .fields = source_fields()},
      {.name = "allowed_hosts",
       .type = FieldType::Array,
       .what = "further hosts",
       .maximum = 100,
       .items = FieldType::String},
      {.name = "proxy", .what = "", .maximum = 300},
      {.name = "ca_file", .what = "", .maximum = 4000},
      {.name = "private_addresses", .type = FieldType::Boolean, .what = ""}};
  return fields;
}

void read_source(const Json& json, const char* name, ModelSource& source) {
  if (!json.contains(name) || json[name].is_null()) return;
  const Json& given = json[name];
  source.url = given.value("url", source.url);
  while (source.url.ends_with('/')) source.url.pop_back();
  source.token = given.value("token", "");
  source.token_host = given.value("token_host", source.token_host);
  parse_https_url(source.url);  // names what is wrong with it
}

// Whoever can read the file has the account.
void refuse_open_secrets(const fs::path& path, const SourceSettings& settings) {
  struct ::stat s {};
  const bool secrets = !settings.civitai.token.empty() || !settings.hugging_face.token.empty();
  if (!secrets || ::stat(path.c_str(), &s) != 0 || (s.st_mode & 077) == 0) return;
  throw CodedError(ErrorKind::InvalidArgument, "invalid",
                   path.string() +
                       ": holds a token and may be read by other people of this "
                       "computer; run: chmod 600 " +
                       path.string());
}

bool same_host(const std::string& wanted, const std::string& host, int port) {
  return !wanted.empty() && wanted[0] != '*' && host_matches(wanted, host, port);
}

}  // namespace

bool host_matches(const std::string& pattern, const std::string& host, int port) {
  const size_t colon = pattern.rfind(':');
  const std::string name = pattern.substr(0, colon);
  const std::string wanted = colon == std::string::npos ? "443" : pattern.substr(colon + 1);
  if (wanted != std::to_string(port)) return false;
  if (!name.starts_with("*.")) return name == host;
  return host.size() > name.size() - 1 && host.ends_with(name.substr(1));
}

bool SourceSettings::allows(const std::string& host, int port) const {
  const auto fits = [&](const std::string& pattern) { return host_matches(pattern, host, port); };
  if (std::ranges::any_of(kUsualHosts, fits) || std::ranges::any_of(allowed_hosts, fits))
    return true;
  for (const ModelSource* source : {&civitai, &hugging_face}) {
    const HttpsUrl url = parse_https_url(source->url);
    if (url.host == host && url.port == port) return true;
  }
  return false;
}

std::string SourceSettings::token_for(const std::string& host, int port) const {
  for (const ModelSource* source : {&civitai, &hugging_face})
    if (!source->token.empty() && same_host(source->token_host, host, port)) return source->token;
  return {};
}

SourceSettings read_source_settings(const fs::path& config_folder) {
  const fs::path path = config_folder / "sources.json";
  SourceSettings settings;
  std::error_code error;
  if (!fs::exists(path, error)) return settings;
  try {
    const Json json = parse_json(read_whole_file(path));
    check(json, settings_fields());
    read_source(json, "civitai", settings.civitai);
    read_source(json, "hugging_face", settings.hugging_face);
    if (json.contains("allowed_hosts") && !json["allowed_hosts"].is_null())
      settings.allowed_hosts = json["allowed_hosts"].get<std::vector<std::string>>();
    const auto text = [&](const char* key) {
      return json.contains(key) && !json[key].is_null() ? json[key].get<std::string>() : "";
    };
    settings.proxy = text("proxy");
    if (const std::string file = text("ca_file"); !file.empty()) settings.ca_file = file;
    settings.private_addresses =
        json.contains("private_addresses") && json["private_addresses"] == true;
  } catch (const Error& wrong) {
    throw CodedError(ErrorKind::InvalidArgument, "invalid", path.string() + ": " + wrong.what());
  }
  refuse_open_secrets(path, settings);
  return settings;
}

}  // namespace pentimento
