// The recognition of checkpoints, VAEs, ControlNets, IP-Adapters and CLIP. The input is text: a
// first line of JSON for "pentimento.config", then a line "NAME EXTENT EXTENT …" for each tensor;
// its f16 values are zeros.
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "bytes_as_file.h"
#include "weights/checkpoint.h"
#include "weights/clip_file.h"
#include "weights/controlnet_file.h"
#include "weights/ip_adapter_file.h"

namespace {

// A safetensors file of those tensors; larger ones are left out, their names are what matters.
std::string compose(std::istringstream& lines) {
  constexpr uint64_t kMostBytes = 1 << 18;
  std::string line;
  std::getline(lines, line);
  std::string header =
      R"({"__metadata__":{"pentimento.config":)" +
      nlohmann::json(line).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "}";
  uint64_t offset = 0;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string name, shape;
    words >> name;
    if (name.find_first_of("\\\"") != std::string::npos) continue;
    uint64_t bytes = 2;
    for (uint64_t extent; words >> extent && bytes <= kMostBytes;) {
      shape += (shape.empty() ? "" : ",") + std::to_string(extent % 4096);
      bytes *= extent % 4096;
    }
    if (offset + bytes > kMostBytes) continue;
    header += ",\"" + name + R"(":{"dtype":"F16","shape":[)" + shape + R"(],"data_offsets":[)" +
              std::to_string(offset) + "," + std::to_string(offset + bytes) + "]}";
    offset += bytes;
  }
  header += "}";
  const uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header +
         std::string(offset, '\0');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::istringstream lines(std::string(reinterpret_cast<const char*>(data), size));
  const std::string bytes = compose(lines);
  const pentimento::fuzz::BytesAsFile file(bytes.data(), bytes.size());
  try {
    pentimento::open_checkpoint(file.path());
  } catch (const pentimento::Error& error) {
    if (error.kind() != pentimento::ErrorKind::Unsupported) return 0;
  }
  const auto opens = [&](auto open) {
    try {
      open(file.path());
    } catch (const pentimento::Error&) {
    }
  };
  opens([](const auto& path) { pentimento::open_vae(path); });
  opens([](const auto& path) { pentimento::open_controlnet(path); });
  opens([](const auto& path) { pentimento::open_ip_adapter(path); });
  opens([](const auto& path) { pentimento::open_clip(path); });
  return 0;
}
