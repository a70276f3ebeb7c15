#include "weights/base_model.h"

#include <algorithm>
#include <array>
#include <optional>

namespace pentimento {
namespace {

struct Sign {
  std::string_view text, base;
};

// Names of layers, with '_' for '.', that only models other than Stable Diffusion's UNets have. The
// first that occurs anywhere decides.
constexpr std::array kForeign = {
    Sign{"individual_token_refiner", "Hunyuan"},
    Sign{"double_stream_blocks", "HiDream"},
    Sign{"double_blocks", "Flux"},
    Sign{"single_blocks", "Flux"},
    Sign{"single_transformer_blocks", "Flux"},
    Sign{"lora_prior_unet", "Stable Cascade"},
    Sign{"joint_blocks", "SD3"},
    Sign{"img_mlp", "Qwen-Image"},
    Sign{"double_layers", "AuraFlow"},
    Sign{"add_k_proj", "SD3"},
    Sign{"cross_attn_norm", "Wan"},
    Sign{"cross_attn_k_img", "Wan"},
    Sign{"self_attn_k_img", "Wan"},
    Sign{"adaLN_modulation", "another transformer"},
    Sign{"adaln_single", "another transformer"},
    Sign{"caption_projection", "another transformer"},
    Sign{"lora_transformer_", "another transformer"},
};

std::string underscored(std::string name) {
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::optional<int64_t> extent(const LoraModule& module, std::string_view part, size_t axis) {
  const TensorView* tensor = module.find(part);
  if (!tensor || axis >= tensor->shape.size()) return std::nullopt;
  return tensor->shape[axis];
}

std::optional<int64_t> first_of(std::initializer_list<std::optional<int64_t>> values) {
  for (const auto& value : values)
    if (value) return value;
  return std::nullopt;
}

// Input features of the layer that a module changes, where its tensors show them.
std::optional<int64_t> input_width(const LoraModule& module) {
  const auto at = [&](const char* part, size_t axis) { return extent(module, part, axis); };
  switch (module.method) {
    case LoraMethod::Lora:
      return at("down", 1);
    case LoraMethod::LoHa:
      return at("hada_w1_b", 1);
    case LoraMethod::LoKr: {
      const auto a = first_of({at("lokr_w1", 1), at("lokr_w1_b", 1)});
      const auto b = first_of({at("lokr_w2", 1), at("lokr_w2_b", 1)});
      if (a && b && *a < 1 << 20 && *b < 1 << 20) return *a * *b;
      return std::nullopt;
    }
    case LoraMethod::Glora: {  // [in,rank] or, in older files, [rank,in]
      const auto rows = at("a1", 0), columns = at("a1", 1);
      return rows && columns ? std::optional(std::max(*rows, *columns)) : std::nullopt;
    }
    case LoraMethod::PeftOft: {  // blocks of n columns, as their triangles
      const auto blocks = at("oft_r", 0), triangle = at("oft_r", 1);
      if (!blocks || !triangle || *blocks < 2 || *blocks > 1 << 20 || *triangle > 1 << 20)
        return std::nullopt;
      int64_t n = 2;
      while (n * (n - 1) / 2 < *triangle) ++n;
      return *blocks * n;
    }
    case LoraMethod::Full:
      return at("diff", 1);
    default:
      return std::nullopt;
  }
}

std::string base_of_context(int64_t width) {
  return width == 768 ? "SD1" : width == 1024 ? "SD2" : width == 2048 ? "SDXL" : "";
}

bool is_context_layer(std::string_view name) {
  return contains(name, "attn2") && (name.ends_with("to_k") || name.ends_with("to_v"));
}

// SDXL stacks transformers in places where SD 1.x and 2.x have one block at most.
bool only_sdxl_has(std::string_view name) {
  return contains(name, "down_blocks_1_attentions_0_transformer_blocks_1") ||
         contains(name, "attentions_0_transformer_blocks_9") ||
         contains(name, "input_blocks_4_1_transformer_blocks_1") ||
         contains(name, "middle_block_1_transformer_blocks_1") || contains(name, "lora_te2_") ||
         contains(name, "text_encoder_2_") || contains(name, "add_embedding") ||
         contains(name, "label_emb");
}

std::string base_by_names(const LoraParts& lora) {
  for (const Sign& sign : kForeign)
    for (const LoraModule& module : lora.modules)
      if (contains(underscored(module.name), sign.text)) return std::string(sign.base);
  for (const LoraModule& module : lora.modules) {
    const std::string name = underscored(module.name);
    if (name.starts_with("diffusion_model_blocks_") || name.starts_with("lora_unet_blocks_"))
      return contains(name, "cross_attn") || contains(name, "self_attn") ? "Wan"
                                                                         : "another transformer";
    if (name.starts_with("diffusion_model_layers_") || name.starts_with("transformer_"))
      return "another transformer";
  }
  return "";
}

std::string base_of_tensor(const TensorMap& tensors, std::string_view ending) {
  for (const auto& [name, tensor] : tensors)
    if (name.ends_with(ending) && tensor.shape.size() >= 2) return base_of_context(tensor.shape[1]);
  return "";
}

std::string base_of_embedding(const TensorMap& tensors) {
  if (tensors.contains("clip_g")) return "SDXL";
  for (const auto& [name, tensor] : tensors) {
    const int64_t width = tensor.shape.empty() ? 0 : tensor.shape.back();
    if (width == 768) return "SD1";
    if (width == 1024) return "SD2";
    if (width == 1280) return "SDXL";
  }
  return "";
}

std::string base_of_text_encoder(const TensorMap& tensors) {
  for (const auto& [name, tensor] : tensors)
    if (name.ends_with("token_embedding.weight") && tensor.shape.size() == 2)
      return tensor.shape[1] == 768    ? "SD1"
             : tensor.shape[1] == 1024 ? "SD2"
             : tensor.shape[1] == 1280 ? "SDXL"
                                       : "";
  return "";
}

}  // namespace

std::string base_of_lora(const LoraParts& lora) {
  if (std::string foreign = base_by_names(lora); !foreign.empty()) return foreign;
  for (const LoraModule& module : lora.modules)
    if (is_context_layer(module.name))
      if (const auto width = input_width(module)) {
        std::string base = base_of_context(*width);
        if (!base.empty()) return base;
      }
  for (const LoraModule& module : lora.modules)
    if (only_sdxl_has(underscored(module.name))) return "SDXL";
  // The text encoder's own width: 1024 in SD 2.x. 768 is SD 1.x, SDXL's second being absent.
  for (const LoraModule& module : lora.modules)
    if (module.name.ends_with("q_proj"))
      if (const auto width = input_width(module))
        return *width == 1024 ? "SD2" : *width == 1280 ? "SDXL" : *width == 768 ? "SD1" : "";
  return "";
}

std::string base_of_file(WeightKind kind, const TensorMap& tensors) {
  switch (kind) {
    case WeightKind::Lora:
      return base_of_lora(split_lora(tensors));
    case WeightKind::Embedding:
      return base_of_embedding(tensors);
    case WeightKind::StableDiffusion:
    case WeightKind::Unet:
    case WeightKind::ControlNet:
      return base_of_tensor(tensors, "attn2.to_k.weight");
    case WeightKind::IpAdapter:
      return base_of_tensor(tensors, "to_k_ip.weight");
    case WeightKind::TextEncoder:
      return base_of_text_encoder(tensors);
    case WeightKind::CatVton:
      return "SD1";
    case WeightKind::Flux:
      return "Flux";
    case WeightKind::StableDiffusion3:
      return "SD3";
    default:
      return "";
  }
}

std::string base_in_metadata(const std::map<std::string, std::string>& metadata) {
  const auto text = [&](const char* key) {
    const auto found = metadata.find(key);
    return found == metadata.end() ? std::string_view() : std::string_view(found->second);
  };
  const std::string_view version = text("ss_base_model_version"),
                         architecture = text("modelspec.architecture");
  if (version.starts_with("sdxl") || architecture.starts_with("stable-diffusion-xl")) return "SDXL";
  if (version.starts_with("flux") || architecture.starts_with("flux")) return "Flux";
  if (version.starts_with("sd3") || architecture.starts_with("stable-diffusion-3")) return "SD3";
  if (version.starts_with("sd_v2") || text("ss_v2") == "True" ||
      architecture.starts_with("stable-diffusion-v2"))
    return "SD2";
  if (version.starts_with("sd_v1") || text("ss_v2") == "False" ||
      architecture.starts_with("stable-diffusion-v1"))
    return "SD1";
  return "";
}

bool runs_here(const std::string& base) {
  return base.empty() || base == "SD1" || base == "SD2" || base == "SDXL";
}

std::string spoken_base(const std::string& base) {
  if (base == "SD1") return "SD 1.x";
  if (base == "SD2") return "SD 2.x";
  if (base == "SD3") return "Stable Diffusion 3";
  return base;
}

}  // namespace pentimento
