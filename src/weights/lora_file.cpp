#include "weights/lora_file.h"

#include <algorithm>
#include <array>

namespace pentimento {
namespace {

using enum LoraMethod;

struct Suffix {
  std::string_view text, part;
  LoraMethod method;
};

// The first that a name ends with; what stands before it is the layer. A part of several methods
// (alpha, dora_scale, rescale; "scale", which stands for alpha / rank) has the method of its
// companions.
constexpr std::array kSuffixes = {
    Suffix{".lora_down.weight", "down", Lora},
    Suffix{".lora_up.weight", "up", Lora},
    Suffix{".lora_mid.weight", "mid", Lora},
    Suffix{".lora_A.weight", "down", Lora},
    Suffix{".lora_B.weight", "up", Lora},
    Suffix{".lora_A.default.weight", "down", Lora},
    Suffix{".lora_B.default.weight", "up", Lora},
    Suffix{".lora.down.weight", "down", Lora},
    Suffix{".lora.up.weight", "up", Lora},
    Suffix{"_lora.down.weight", "down", Lora},
    Suffix{"_lora.up.weight", "up", Lora},
    Suffix{".lora_linear_layer.down.weight", "down", Lora},
    Suffix{".lora_linear_layer.up.weight", "up", Lora},
    Suffix{".lora_magnitude_vector", "magnitude", Lora},
    Suffix{".lora_magnitude_vector.weight", "magnitude", Lora},
    Suffix{".lora_magnitude_vector.default.weight", "magnitude", Lora},
    Suffix{".dora_scale", "dora_scale", Lora},
    Suffix{".alpha", "alpha", Lora},
    Suffix{".scale", "scale", Lora},
    Suffix{".hada_w1_a", "hada_w1_a", LoHa},
    Suffix{".hada_w1_b", "hada_w1_b", LoHa},
    Suffix{".hada_w2_a", "hada_w2_a", LoHa},
    Suffix{".hada_w2_b", "hada_w2_b", LoHa},
    Suffix{".hada_t1", "hada_t1", LoHa},
    Suffix{".hada_t2", "hada_t2", LoHa},
    Suffix{".lokr_w1", "lokr_w1", LoKr},
    Suffix{".lokr_w1_a", "lokr_w1_a", LoKr},
    Suffix{".lokr_w1_b", "lokr_w1_b", LoKr},
    Suffix{".lokr_w2", "lokr_w2", LoKr},
    Suffix{".lokr_w2_a", "lokr_w2_a", LoKr},
    Suffix{".lokr_w2_b", "lokr_w2_b", LoKr},
    Suffix{".lokr_t2", "lokr_t2", LoKr},
    Suffix{".scalar", "scalar", Lora},
    Suffix{".bias_indices", "bias_indices", Lora},
    Suffix{".bias_values", "bias_values", Lora},
    Suffix{".bias_size", "bias_size", Lora},
    Suffix{".oft_blocks", "oft_blocks", Oft},
    Suffix{".oft_diag", "oft_diag", Oft},
    Suffix{".oft_r", "oft_r", PeftOft},
    Suffix{".oft_r.default", "oft_r", PeftOft},
    Suffix{".oft_s", "oft_s", PeftOft},
    Suffix{".oft_s.default", "oft_s", PeftOft},
    Suffix{".oft_R.weight", "oft_r", PeftOft},
    Suffix{".oft_R.default.weight", "oft_r", PeftOft},
    Suffix{".rescale", "rescale", Oft},
    Suffix{".a1.weight", "a1", Glora},
    Suffix{".a2.weight", "a2", Glora},
    Suffix{".b1.weight", "b1", Glora},
    Suffix{".b2.weight", "b2", Glora},
    Suffix{".diff", "diff", Full},
    Suffix{".diff_b", "diff_b", Full},
    Suffix{".w_norm", "w_norm", Norm},
    Suffix{".b_norm", "b_norm", Norm},
    Suffix{".on_input", "on_input", Ia3},
};

constexpr std::array kMethodNames = {
    "LoRA", "LoHa", "LoKr", "OFT", "OFT", "GLoRA", "IA3", "full difference", "norm layers"};

constexpr std::string_view kBundle = "bundle_emb.";

const Suffix* suffix_of(std::string_view name) {
  for (const Suffix& suffix : kSuffixes)
    if (name.size() > suffix.text.size() && name.ends_with(suffix.text)) return &suffix;
  return nullptr;
}

bool belongs_to_any(std::string_view part) {
  return part == "alpha" || part == "scale" || part == "scalar" || part == "dora_scale" ||
         part == "rescale" || part.starts_with("bias_");
}

// A layer's method is that of its most telling part.
LoraMethod method_of(const LoraModule& module) {
  LoraMethod method = Lora;
  for (const auto& [part, tensor] : module.parts) {
    if (part == "weight") return Ia3;
    if (belongs_to_any(part)) continue;
    for (const Suffix& suffix : kSuffixes)
      if (suffix.part == part) method = suffix.method;
  }
  return method;
}

bool is_only_company(const LoraModule& module) {
  return std::all_of(module.parts.begin(), module.parts.end(),
                     [](const auto& part) { return belongs_to_any(part.first); });
}

// "bundle_emb.NAME.string_to_param.*" and the like: NAME may hold dots, the rest does not.
bool take_embedding(const std::string& name, const TensorView& tensor, LoraParts& lora) {
  if (!name.starts_with(kBundle)) return false;
  const std::string rest = name.substr(kBundle.size());
  size_t cut = rest.find(".string_to_param.");
  if (cut == std::string::npos) cut = rest.rfind('.');
  if (cut == std::string::npos || cut == 0) return false;
  lora.embeddings[rest.substr(0, cut)].emplace(rest.substr(cut + 1), tensor);
  return true;
}

}  // namespace

const TensorView* LoraModule::find(std::string_view part) const {
  const auto found = parts.find(part);
  return found == parts.end() ? nullptr : &found->second;
}

LoraParts split_lora(const TensorMap& tensors) {
  LoraParts lora;
  std::map<std::string, LoraModule> modules;
  for (const auto& [name, tensor] : tensors) {
    if (take_embedding(name, tensor, lora)) continue;
    if (const Suffix* suffix = suffix_of(name)) {
      const std::string layer = name.substr(0, name.size() - suffix->text.size());
      modules[layer].parts.emplace(suffix->part, tensor);
      continue;
    }
    // IA3 has the bare name "LAYER.weight", known by its companion.
    const std::string_view weight = ".weight";
    const std::string layer =
        name.ends_with(weight) ? name.substr(0, name.size() - weight.size()) : "";
    if (!layer.empty() && tensors.contains(layer + ".on_input"))
      modules[layer].parts.emplace("weight", tensor);
    else
      lora.unknown.push_back(name);
  }
  for (auto& [name, module] : modules) {
    if (is_only_company(module)) {
      for (const auto& [part, tensor] : module.parts) lora.unknown.push_back(name + "." + part);
      continue;
    }
    module.name = name;
    module.method = method_of(module);
    lora.modules.push_back(std::move(module));
  }
  return lora;
}

std::string method_names(const LoraParts& lora) {
  std::map<std::string, int> counts;
  for (const LoraModule& module : lora.modules) {
    std::string name = kMethodNames[static_cast<size_t>(module.method)];
    if (module.is_dora()) name = module.method == Lora ? "DoRA" : name + " with DoRA";
    ++counts[name];
  }
  std::vector<std::pair<std::string, int>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string names;
  for (const auto& [name, count] : sorted) names += (names.empty() ? "" : ", ") + name;
  return names;
}

bool looks_like_lora(const TensorMap& tensors) {
  return std::any_of(tensors.begin(), tensors.end(), [](const auto& item) {
    const Suffix* suffix = suffix_of(item.first);
    return suffix && !belongs_to_any(suffix->part) && suffix->method != Glora;
  });
}

}  // namespace pentimento
