// Civitai and Hugging Face, as far as getting models needs them, on one HTTPS server of ours.
#pragma once

#include <map>
#include <string>

#include "base/sha256.h"
#include "studio/source_settings.h"
#include "support/https_server.h"
#include "support/model_files.h"

namespace pentimento::testing {

class FakeHub {
 public:
  explicit FakeHub(const std::filesystem::path& folder)
      : server(folder, [this](const WebRequestSeen& r, WebPeer& peer) { answer(r, peer); }) {
    const std::string lora = lora_file("anna"), half = lora_file("half");
    files["/api/download/models/22"] = lora;
    files["/preview.png"] = preview;
    texts["/api/v1/models/11"] = civitai_model(sha256_hex(lora));
    texts["/api/v1/model-versions/22"] = civitai_version(sha256_hex(lora));
    texts["/api/v1/model-versions/by-hash/" + sha256_hex(lora)] = civitai_version(sha256_hex(lora));
    texts["/api/v1/models"] = R"({"items": [)" + civitai_model(sha256_hex(lora)) + "]}";
    texts["/api/models/owner/style"] = hub_repository(lora, half);
    texts["/api/models/owner/style/revision/main"] = texts["/api/models/owner/style"];
    texts["/api/models"] = "[" + hub_repository(lora, half) + "]";
    files["/owner/style/resolve/c0ffee/style.safetensors"] = lora;
    files["/owner/style/resolve/c0ffee/sub/half.safetensors"] = half;
  }

  SourceSettings settings() const {
    SourceSettings settings;
    settings.civitai = {server.url(), "", ""};
    settings.hugging_face = {server.url(), "", ""};
    settings.ca_file = server.ca_file();
    settings.private_addresses = true;
    return settings;
  }
  // CONFIG/sources.json with the same.
  std::string settings_json() const {
    return R"({"civitai": {"url": ")" + server.url() + R"("}, "hugging_face": {"url": ")" +
           server.url() + R"("}, "ca_file": ")" + server.ca_file().string() +
           R"(", "private_addresses": true})";
  }

  std::map<std::string, std::string> texts, files;  // by path, without the query
  std::string preview;                              // bytes of a picture
  std::string base_model = "SD 1.5";
  int file_status = 200;

  std::string civitai_version(const std::string& sha256) const {
    return R"({"id": 22, "modelId": 11, "name": "v2", "baseModel": ")" + base_model +
           R"(", "trainedWords": ["anna", "red coat"], "model": {"name": "Anna", "type": "LORA"},
             "stats": {"downloadCount": 1234},
             "files": [{"name": "anna.zip", "type": "Training Data", "sizeKB": 1},
                       {"name": "../an/na:v2.safetensors", "type": "Model", "primary": true,
                        "sizeKB": 4.5, "metadata": {"fp": "fp16", "format": "SafeTensor"},
                        "hashes": {"SHA256": ")" +
           sha256 + R"("}, "downloadUrl": ")" + url("/api/download/models/22") + R"("}],
             "images": [{"url": ")" +
           url("/hidden.png") + R"(", "nsfwLevel": 8}, {"url": ")" + url("/preview.png") +
           R"(", "nsfwLevel": 1}]})";
  }
  std::string civitai_model(const std::string& sha256) const {
    return R"({"id": 11, "name": "Anna", "type": "LORA", "creator": {"username": "maker"},
               "description": "<p>A <b>friend</b></p>", "allowNoCredit": false,
               "allowCommercialUse": ["None"], "allowDerivatives": true,
               "allowDifferentLicense": true, "modelVersions": [)" +
           civitai_version(sha256) + "]}";
  }
  HttpsServer server;

 private:
  std::string url(const std::string& path) const { return server_url() + path; }
  std::string server_url() const { return server.url(); }
  static std::string hub_file(const std::string& path, const std::string& bytes) {
    return R"({"rfilename": ")" + path + R"(", "size": )" + std::to_string(bytes.size()) +
           R"(, "lfs": {"sha256": ")" + sha256_hex(bytes) + R"("}})";
  }
  static std::string hub_repository(const std::string& lora, const std::string& half) {
    return R"({"id": "owner/style", "sha": "c0ffee", "author": "owner", "downloads": 77,
               "tags": ["lora", "license:apache-2.0", "stable-diffusion-xl"],
               "siblings": [{"rfilename": "README.md", "size": 10},)" +
           hub_file("style.safetensors", lora) + "," + hub_file("sub/half.safetensors", half) +
           R"(, {"rfilename": "../../evil.safetensors", "size": 1}]})";
  }

  void answer(const WebRequestSeen& request, WebPeer& peer) {
    const std::string path = request.target.substr(0, request.target.find('?'));
    if (const auto text = texts.find(path); text != texts.end())
      return peer.answer(200, text->second, {"Content-Type: application/json"});
    if (const auto file = files.find(path); file != files.end()) {
      if (file_status != 200) return peer.answer(file_status, "");
      return serve_file(request, peer, file->second);
    }
    peer.answer(404, "{}");
  }
};

}  // namespace pentimento::testing
