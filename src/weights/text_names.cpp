// The text towers' names. OpenCLIP (https://github.com/mlfoundations/open_clip) keeps query, key
// and value in one matrix and multiplies by text_projection from the right, hence its
// transposition.
#include <algorithm>
#include <array>
#include <cstring>

#include "weights/key_maps.h"

namespace pentimento {
namespace {

using std::to_string;

struct Pair {
  const char *open_clip, *diffusers;
};

constexpr std::array kStems = {
    Pair{"positional_embedding", "text_model.embeddings.position_embedding.weight"},
    Pair{"token_embedding", "text_model.embeddings.token_embedding"},
    Pair{"ln_final", "text_model.final_layer_norm"},
};

constexpr std::array kLayer = {
    Pair{"ln_1", "layer_norm1"},
    Pair{"ln_2", "layer_norm2"},
    Pair{"mlp.c_fc", "mlp.fc1"},
    Pair{"mlp.c_proj", "mlp.fc2"},
    Pair{"attn.out_proj", "self_attn.out_proj"},
};

constexpr std::array kParts = {"q_proj", "k_proj", "v_proj"};
constexpr std::string_view kFused = ".attn.in_proj_";

NameTable table_of(int layers) {
  NameTable table;
  for (const Pair& pair : kStems) table.add(pair.open_clip, pair.diffusers);
  for (int i = 0; i < layers; ++i)
    for (const Pair& pair : kLayer)
      table.add("transformer.resblocks." + to_string(i) + "." + pair.open_clip,
                "text_model.encoder.layers." + to_string(i) + "." + pair.diffusers);
  return table;
}

TensorView transposed(const TensorView& stored) {
  const TensorView tensor = stored.plain();
  const size_t item = dtype_size(tensor.dtype);
  const auto rows = static_cast<size_t>(tensor.shape[0]),
             columns = static_cast<size_t>(tensor.shape[1]);
  auto copy = std::make_shared<std::vector<std::byte>>(tensor.bytes.size());
  for (size_t i = 0; i < rows; ++i)
    for (size_t j = 0; j < columns; ++j)
      std::memcpy(copy->data() + (j * rows + i) * item,
                  tensor.bytes.data() + (i * columns + j) * item, item);
  return {.dtype = tensor.dtype,
          .shape = {tensor.shape[1], tensor.shape[0]},
          .bytes = *copy,
          .owner = copy};
}

// "transformer.resblocks.3.attn.in_proj_weight" -> the three parts' names, or nothing.
bool split_fused(const std::string& name, const TensorView& tensor, TensorMap& out) {
  const std::string_view stem = "transformer.resblocks.";
  const size_t at = name.find(kFused);
  if (!name.starts_with(stem) || at == std::string::npos || tensor.shape.empty() ||
      tensor.shape[0] % 3)
    return false;
  const std::string layer = name.substr(stem.size(), at - stem.size());
  const std::string leaf = name.substr(at + kFused.size());  // "weight" or "bias"
  const int64_t width = tensor.shape[0] / 3;
  for (size_t part = 0; part < kParts.size(); ++part)
    out.emplace(
        "text_model.encoder.layers." + layer + ".self_attn." + kParts[part] + "." + leaf,
        tensor.rows(static_cast<int64_t>(part) * width, static_cast<int64_t>(part + 1) * width));
  return true;
}

TensorView fused(const std::array<const TensorView*, 3>& parts) {
  auto copy = std::make_shared<std::vector<std::byte>>();
  for (const TensorView* part : parts)
    copy->insert(copy->end(), part->bytes.begin(), part->bytes.end());
  Shape shape = parts[0]->shape;
  shape[0] *= 3;
  return {.dtype = parts[0]->dtype, .shape = std::move(shape), .bytes = *copy, .owner = copy};
}

bool part_of_tower(std::string_view name) {
  return name.starts_with("text_model.") || name == "text_projection.weight";
}

}  // namespace

Renamed open_clip_to_diffusers(const TensorMap& open_clip) {
  const NameTable table = table_of(count_numbered(open_clip, "transformer.resblocks."));
  Renamed result;
  for (const auto& [name, tensor] : open_clip) {
    if (split_fused(name, tensor, result.tensors)) continue;
    if (name == "text_projection" && tensor.shape.size() == 2) {
      result.tensors.emplace("text_projection.weight", transposed(tensor));
      continue;
    }
    std::string other = name == "text_projection.weight" ? name : table.to_diffusers(name);
    if (other.empty())
      result.unknown.push_back(name);
    else
      result.tensors.emplace(std::move(other), tensor);
  }
  return result;
}

Renamed diffusers_to_open_clip(const TensorMap& diffusers) {
  const NameTable table = table_of(count_numbered(diffusers, "text_model.encoder.layers."));
  Renamed result;
  for (const auto& [name, tensor] : diffusers) {
    const size_t q = name.find(".self_attn.q_proj.");
    if (q != std::string::npos) {
      std::array<const TensorView*, 3> parts{&tensor, nullptr, nullptr};
      for (size_t i = 1; i < parts.size(); ++i) {
        std::string sibling = name;
        sibling.replace(sibling.find("q_proj"), 6, kParts[i]);
        const auto found = diffusers.find(sibling);
        if (found != diffusers.end() && found->second.shape == tensor.shape)
          parts[i] = &found->second;
      }
      const std::string_view stem = "text_model.encoder.layers.";
      const std::string layer = name.substr(stem.size(), q - stem.size());
      if (parts[1] && parts[2] && !tensor.shape.empty())
        result.tensors.emplace("transformer.resblocks." + layer + std::string(kFused) +
                                   name.substr(q + std::string_view(".self_attn.q_proj.").size()),
                               fused(parts));
      else
        result.unknown.push_back(name);
      continue;
    }
    if (name.find(".self_attn.k_proj.") != std::string::npos ||
        name.find(".self_attn.v_proj.") != std::string::npos)
      continue;
    if (name == "text_projection.weight" && tensor.shape.size() == 2) {
      result.tensors.emplace("text_projection", transposed(tensor));
      continue;
    }
    std::string other = table.to_ldm(name);
    if (other.empty())
      result.unknown.push_back(name);
    else
      result.tensors.emplace(std::move(other), tensor);
  }
  return result;
}

Renamed clip_modernised(const TensorMap& clip) {
  Renamed result;
  for (const auto& [name, tensor] : clip) {
    std::string current = name;
    if (name.starts_with("embeddings.") || name.starts_with("encoder.layers.") ||
        name.starts_with("final_layer_norm."))
      current = "text_model." + name;
    if (current.ends_with("embeddings.position_ids")) continue;
    if (part_of_tower(current))
      result.tensors.emplace(std::move(current), tensor);
    else
      result.unknown.push_back(name);
  }
  return result;
}

}  // namespace pentimento
