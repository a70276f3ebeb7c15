// Tiny model files, made on the spot.
#pragma once

#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace pentimento::testing {

// A safetensors file of zeros: names with shapes, F16.
inline std::string safetensors_file(
    const std::vector<std::pair<std::string, std::vector<int>>>& tensors,
    const std::map<std::string, std::string>& metadata = {}) {
  const auto quoted = [](const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
    return out + "\"";
  };
  std::string header = "{\"__metadata__\":{\"format\":\"pt\"";
  for (const auto& [key, value] : metadata) header += "," + quoted(key) + ":" + quoted(value);
  header += "}";
  size_t offset = 0;
  for (const auto& [name, shape] : tensors) {
    size_t bytes = 2;
    std::string extents;
    for (const int extent : shape) {
      bytes *= static_cast<size_t>(extent);
      extents += (extents.empty() ? "" : ",") + std::to_string(extent);
    }
    header += "," + quoted(name) + ":{\"dtype\":\"F16\",\"shape\":[" + extents +
              "],\"data_offsets\":[" + std::to_string(offset) + "," +
              std::to_string(offset + bytes) + "]}";
    offset += bytes;
  }
  header += "}";
  const uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + std::string(offset, 0);
}

// A kohya LoRA for SD 1.x with so many modules; `mark` makes it differ from others.
inline std::string lora_file(const std::string& mark = "",
                             std::map<std::string, std::string> metadata = {}, int modules = 2) {
  std::vector<std::pair<std::string, std::vector<int>>> tensors;
  for (int i = 0; i < modules; ++i) {
    const std::string module = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_" +
                               std::to_string(i) + "_attn2_to_k";
    tensors.push_back({module + ".alpha", {1}});
    tensors.push_back({module + ".lora_down.weight", {1, 768}});
    tensors.push_back({module + ".lora_up.weight", {320, 1}});
  }
  if (!mark.empty()) metadata["mark"] = "for " + std::to_string(std::hash<std::string>{}(mark));
  return safetensors_file(tensors, metadata);
}

inline std::string embedding_file(int vectors = 2, int width = 768) {
  return safetensors_file({{"emb_params", {vectors, width}}});
}

}  // namespace pentimento::testing
