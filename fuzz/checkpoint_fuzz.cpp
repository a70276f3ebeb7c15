// The recognition of checkpoints. The input is text: a first line of JSON for "pentimento.config",
// then a line "NAME EXTENT EXTENT …" for each tensor; its f16 values are zeros.
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "bytes_as_file.h"
#include "weights/checkpoint.h"
#include "weights/summary.h"

namespace {

using nlohmann::json;

// A safetensors file of those tensors; larger ones are left out, their names are what matters.
std::string compose(std::istringstream& lines) {
  constexpr uint64_t kMostBytes = 1 << 20;
  json header = json::object();
  std::string line;
  std::getline(lines, line);
  header["__metadata__"] = {{"pentimento.config", line}};
  uint64_t offset = 0;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string name;
    std::vector<uint64_t> shape;
    uint64_t bytes = 2;
    if (!(words >> name) || header.contains(name)) continue;
    for (uint64_t extent; words >> extent && shape.size() < 8 && bytes <= kMostBytes;) {
      shape.push_back(extent % 4096);
      bytes *= shape.back();
    }
    if (offset + bytes > kMostBytes) continue;
    header[name] = {{"dtype", "F16"}, {"shape", shape}, {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  const std::string text = header.dump(-1, ' ', true, json::error_handler_t::replace);
  const uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + text + std::string(offset, '\0');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::istringstream lines(std::string(reinterpret_cast<const char*>(data), size));
  const std::string bytes = compose(lines);
  const pentimento::fuzz::BytesAsFile file(bytes.data(), bytes.size());
  pentimento::summarise(file.path());
  return 0;
}
