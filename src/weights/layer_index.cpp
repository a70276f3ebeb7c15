// The spellings of a layer's name. LoRA files join the path by '_', so names are compared with '_'
// for every '.'; the UNet's layers are known under diffusers' and LDM's paths both.
#include <algorithm>
#include <array>

#include "weights/key_maps.h"
#include "weights/lora_set.h"

namespace pentimento {
namespace {

struct Prefix {
  std::string_view text;
  int part;
};

constexpr int kUnet = LayerIndex::kUnet;

// The first that a name begins with says whose layer it is.
constexpr std::array kPrefixes = {
    Prefix{"lora_unet_", kUnet},
    Prefix{"oft_unet_", kUnet},
    Prefix{"lora_te1_", 0},
    Prefix{"lora_te2_", 1},
    Prefix{"lora_te_", 0},
    Prefix{"text_encoder_2_", 1},
    Prefix{"text_encoder_", 0},
    Prefix{"text_encoders_clip_l_transformer_", 0},
    Prefix{"text_encoders_clip_g_transformer_", 1},
    Prefix{"lycoris_text_encoder_2_", 1},
    Prefix{"lycoris_text_encoder_", 0},
    Prefix{"lycoris_unet_", kUnet},
    Prefix{"lycoris_", kUnet},
    Prefix{"diffusion_model_", kUnet},
    Prefix{"model_diffusion_model_", kUnet},
    Prefix{"unet_", kUnet},
    Prefix{"", kUnet},
};

std::string underscored(std::string name) {
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

void remove_all(std::string& text, std::string_view what, std::string_view replacement) {
  for (size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + replacement.size()))
    text.replace(at, what.size(), replacement);
}

// "a.b.weight" -> "a.b"; other tensors belong to no layer.
std::string_view module_of(std::string_view tensor) {
  for (const std::string_view suffix : {".weight", ".bias"})
    if (tensor.ends_with(suffix)) return tensor.substr(0, tensor.size() - suffix.size());
  return "";
}

}  // namespace

LayerIndex::LayerIndex(const TensorMap& unet, const std::vector<const TensorMap*>& text) {
  const NameTable names = unet_names(unet_layout_of_diffusers(unet));
  for (const auto& [tensor, view] : unet) {
    const std::string module(module_of(tensor));
    if (module.empty()) continue;
    layers_[kUnet].emplace(underscored(module), Layer{kUnet, module});
    if (const std::string ldm = names.to_ldm(module); !ldm.empty())
      layers_[kUnet].emplace(underscored(ldm), Layer{kUnet, module});
  }
  for (size_t i = 0; i < text.size(); ++i)
    for (const auto& [tensor, view] : *text[i]) {
      const std::string module(module_of(tensor));
      if (!module.empty())
        layers_[static_cast<int>(i)].emplace(underscored(module),
                                             Layer{static_cast<int>(i), module});
    }
}

const LayerIndex::Layer* LayerIndex::lookup(int part, const std::string& name) const {
  const auto layers = layers_.find(part);
  if (layers == layers_.end()) return nullptr;
  const auto found = layers->second.find(name);
  return found == layers->second.end() ? nullptr : &found->second;
}

const LayerIndex::Layer* LayerIndex::find(const std::string& lora_name) const {
  std::string name = underscored(lora_name);
  for (const std::string_view wrapper : {"base_model_model_", "model_model_"})
    if (name.starts_with(wrapper)) name.erase(0, wrapper.size());
  for (const Prefix& prefix : kPrefixes) {
    if (!name.starts_with(prefix.text)) continue;
    std::string rest = name.substr(prefix.text.size());
    remove_all(rest, "_processor_", "_");  // diffusers before PEFT
    if (const Layer* layer = lookup(prefix.part, rest)) return layer;
    if (const Layer* layer = lookup(prefix.part, rest + "_0")) return layer;  // "to_out"
    // Trained on a bare text tower.
    if (prefix.part != kUnet)
      if (const Layer* layer = lookup(prefix.part, "text_model_" + rest)) return layer;
    if (rest.starts_with("text_model_"))
      if (const Layer* layer = lookup(0, rest)) return layer;
  }
  return nullptr;
}

}  // namespace pentimento
