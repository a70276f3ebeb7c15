// Opening a LoRA file: the tensors, A1111's hash of them, and what stands beside the file.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/sha256.h"
#include "weights/base_model.h"
#include "weights/checkpoint.h"
#include "weights/config_fields.h"
#include "weights/lora_set.h"
#include "weights/tensor_file.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// kohya's hash of the tensors alone (Civitai: AutoV3), so that edited metadata changes nothing.
std::string tensor_hash(const fs::path& path, TensorFormat format) {
  if (format != TensorFormat::Safetensors) return sha256_file(path);
  const auto file = MappedFile::open(path);
  uint64_t header = 0;
  std::memcpy(&header, file->bytes().data(), sizeof header);
  return sha256_hex(file->bytes().subspan(8 + header));
}

std::string a1111_hash(const fs::path& path, const TensorFile& file) {
  const auto claimed = file.metadata.find("sshs_model_hash");
  if (claimed != file.metadata.end() && claimed->second.size() >= 12 &&
      claimed->second.find_first_not_of("0123456789abcdef") == std::string::npos)
    return claimed->second.substr(0, 12);
  return tensor_hash(path, file.format).substr(0, 12);
}

// PEFT's configuration, beside the file or (diffusers) in its metadata.
json peft_config(const fs::path& path, const TensorFile& file) {
  try {
    if (auto config = read_config(path.parent_path() / "adapter_config.json"))
      if (config->contains("peft_type")) return *config;
    if (const auto found = file.metadata.find("lora_adapter_metadata");
        found != file.metadata.end())
      return parse_config(found->second, "lora_adapter_metadata");
  } catch (const Error&) {  // a file that cannot be read says nothing
  }
  return json::object();
}

std::optional<double> number_at(const json& config, const std::string& key) {
  const auto found = config.find(key);
  if (found == config.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

// Two whole factors show no rank; PEFT scales them by alpha and the rank that was asked for.
bool is_whole_lokr(const LoraModule& module) {
  return module.find("lokr_w1") && module.find("lokr_w2");
}

int64_t rank_of(const LoraModule& module) {
  for (const char* part : {"down", "hada_w1_b", "lokr_w2_b", "lokr_w1_b"})
    if (const TensorView* tensor = module.find(part); tensor && !tensor->shape.empty())
      return tensor->shape[0];
  return 1;
}

TensorView single(float value) {
  auto owner = std::make_shared<std::vector<float>>(1, value);
  return {
      .dtype = DType::F32, .shape = {}, .bytes = std::as_bytes(std::span(*owner)), .owner = owner};
}

// diffusers writes the keys of each part behind its name: "unet.lora_alpha".
void add_peft_alpha(const json& config, LoraParts& parts) {
  if (config.empty()) return;
  for (LoraModule& module : parts.modules) {
    if (module.find("alpha")) continue;
    const std::string part = module.name.substr(0, module.name.find('.')) + ".";
    const auto at = [&](const char* key) {
      auto value = number_at(config, part + key);
      return value ? value : number_at(config, key);
    };
    auto alpha = at("lora_alpha");
    if (!alpha) alpha = at("alpha");
    // "alpha_pattern": {"mid_block.attentions.0.proj_in": 4}: the layers so named, or ending so.
    for (const std::string& key : {part + "alpha_pattern", std::string("alpha_pattern")})
      if (const auto pattern = config.find(key); pattern != config.end() && pattern->is_object())
        for (const auto& [layer, value] : pattern->items())
          if (value.is_number() && (module.name == layer || module.name.ends_with("." + layer)))
            alpha = value.get<double>();
    if (!alpha) continue;
    for (const std::string& key : {part + "use_rslora", std::string("use_rslora")})
      if (const auto flag = config.find(key);
          flag != config.end() && flag->is_boolean() && flag->get<bool>())
        alpha = *alpha * std::sqrt(static_cast<double>(rank_of(module)));
    if (const auto rank = at("r"); is_whole_lokr(module) && rank && *rank > 0)
      module.parts.emplace("scale", single(static_cast<float>(*alpha / *rank)));
    else
      module.parts.emplace("alpha", single(static_cast<float>(*alpha)));
  }
}

// How PEFT's OFT turns its blocks into rotations.
void add_peft_oft(const json& config, LoraParts& parts) {
  for (LoraModule& module : parts.modules) {
    if (module.method != LoraMethod::PeftOft) continue;
    const std::string part = module.name.substr(0, module.name.find('.')) + ".";
    const auto is_set = [&](const char* key, bool otherwise) {
      for (const std::string& name : {part + key, std::string(key)})
        if (const auto flag = config.find(name); flag != config.end() && flag->is_boolean())
          return flag->get<bool>();
      return otherwise;
    };
    const auto number = [&](const char* key) {
      const auto value = number_at(config, part + key);
      return value ? value : number_at(config, key);
    };
    if (!is_set("use_cayley_neumann", true))
      module.parts.emplace("neumann_terms", single(0));
    else if (const auto terms = number("num_cayley_neumann_terms"); terms && *terms >= 1)
      module.parts.emplace("neumann_terms", single(static_cast<float>(std::min(*terms, 100.0))));
    if (const auto eps = number("eps"); is_set("coft", false) && eps && *eps > 0)
      module.parts.emplace("coft_eps", single(static_cast<float>(*eps)));
  }
}

}  // namespace

std::shared_ptr<const LoraFile> open_lora(const fs::path& path, const std::string& name,
                                          const fs::path& cache_dir) {
  const TensorFile file = read_tensor_file(path);
  const WeightKind kind = identify(file.tensors);
  if (kind != WeightKind::Lora)
    throw Error(ErrorKind::Unsupported,
                path.string() + ": is " + kind_description(kind) + "; expected a LoRA");
  auto lora = std::make_shared<LoraFile>();
  lora->path = path;
  lora->name = name;
  lora->sha256 = checkpoint_sha256(path, cache_dir);
  lora->hash = a1111_hash(path, file);
  lora->parts = split_lora(file.tensors);
  const json config = peft_config(path, file);
  add_peft_alpha(config, lora->parts);
  add_peft_oft(config, lora->parts);
  lora->base = base_of_lora(lora->parts);
  if (lora->base.empty()) lora->base = base_in_metadata(file.metadata);
  lora->metadata = file.metadata;
  return lora;
}

}  // namespace pentimento
