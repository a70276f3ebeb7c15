// Where models may be fetched from, and with which tokens: CONFIG/sources.json, which the owner
// writes by hand. Nothing in it is needed to fetch what anyone may have.
//   {"civitai":      {"url": "https://civitai.com", "token": "…"},
//    "hugging_face": {"url": "https://hf-mirror.com", "token": "hf_…", "token_host":
//    "huggingface.co"}, "allowed_hosts": ["models.example.org", "*.example.net"], "proxy":
//    "socks5h://127.0.0.1:1080", "ca_file": "/etc/ssl/company.pem", "private_addresses": false}
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace pentimento {

struct ModelSource {
  std::string url;         // without a slash at the end; a mirror's, where one is needed
  std::string token;       // empty: none
  std::string token_host;  // the only host that is ever shown the token
};

struct SourceSettings {
  ModelSource civitai{"https://civitai.com", "", "civitai.com"};
  ModelSource hugging_face{"https://huggingface.co", "", "huggingface.co"};
  // "example.org", "*.example.org" (everything below it), "example.org:8443".
  std::vector<std::string> allowed_hosts;
  std::string proxy;                             // empty: none; the environment's is not used
  std::optional<std::filesystem::path> ca_file;  // authorities to trust instead of the system's
  bool private_addresses = false;                // may hosts lie in the local network?

  // The hosts above, the two sources and the networks they deliver from, and GitHub.
  bool allows(const std::string& host, int port) const;
  // The token for that host, or empty.
  std::string token_for(const std::string& host, int port) const;
};

// Defaults when there is no such file. Throws InvalidArgument naming what is wrong: unknown keys,
// addresses that are not https, tokens in a file that others may read.
SourceSettings read_source_settings(const std::filesystem::path& config_folder);

// "example.org", port 443 -> does "*.org" mean it? A pattern without a port means 443.
bool host_matches(const std::string& pattern, const std::string& host, int port);

}  // namespace pentimento
