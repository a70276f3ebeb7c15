#include "weights/lora_set.h"

#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "base/sha256.h"
#include "weights/base_model.h"
#include "weights/converted.h"
#include "weights/lora_merge.h"

namespace pentimento {
namespace {

std::string strength_text(float value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", double{value});
  return text;
}

struct Target {
  LayerTensor tensor;
  const char* suffix;
};
constexpr Target kTargets[] = {{LayerTensor::Weight, ".weight"}, {LayerTensor::Bias, ".bias"}};

[[noreturn]] void refuse_base(const LoraFile& lora, const std::string& model,
                              const std::string& family) {
  std::string message = "<lora:" + lora.name + ">: " + lora.path.filename().string() +
                        " was made for " + spoken_base(lora.base);
  if (runs_here(lora.base))
    message += " and the model " + model + " is " + spoken_base(family) + "; choose a model of " +
               spoken_base(lora.base) + ", or";
  else
    message += ", which this program does not run; choose";
  throw Error(ErrorKind::InvalidArgument, message + " a LoRA for " + spoken_base(family));
}

// Sorts one module; returns why it could not be, or nothing.
std::optional<std::string> sort_module(const LoraUse& use, size_t number, const LayerIndex& index,
                                       const std::map<int, const TensorMap*>& parts,
                                       const std::map<int, LoraEdits*>& edits) {
  const LoraModule& module = use.file->parts.modules[number];
  const LayerIndex::Layer* layer = index.find(module.name);
  if (!layer) return "the model has no such layer";
  const TensorMap& tensors = *parts.at(layer->part);
  for (const auto& [tensor, suffix] : kTargets) {
    if (!changes(module, tensor)) continue;
    const auto found = tensors.find(layer->module + suffix);
    if (found == tensors.end()) return "the model's layer has no" + std::string(suffix + 1);
    if (auto reason = misfit(module, tensor, found->second.shape)) return reason;
  }
  const float strength = layer->part == LayerIndex::kUnet ? use.unet : use.te;
  if (strength == 0) return std::nullopt;
  for (const auto& [tensor, suffix] : kTargets)
    if (changes(module, tensor))
      edits.at(layer->part)->add(layer->module + suffix, use.file, number, strength);
  return std::nullopt;
}

}  // namespace

std::string LoraReport::describe() const {
  std::string text =
      name + ": applied " + std::to_string(applied) + " of " + std::to_string(modules) + " modules";
  if (!left.empty()) text += "; not applied: " + left.front();
  if (left.size() > 1) text += " and " + std::to_string(left.size() - 1) + " more";
  return text;
}

void LoraEdits::add(std::string tensor, std::shared_ptr<const LoraFile> file, size_t module,
                    float strength) {
  changes_[std::move(tensor)].push_back({std::move(file), module, strength});
}

const TensorView& LoraEdits::edited(std::string_view name, const TensorView& original) {
  if (const auto known = merged_.find(name); known != merged_.end()) return known->second;
  const auto changes = changes_.find(name);
  if (changes == changes_.end()) return original;
  const LayerTensor tensor = name.ends_with(".bias") ? LayerTensor::Bias : LayerTensor::Weight;
  std::vector<float> values = original.to_f32();
  for (const Change& change : changes->second)
    merge(change.file->parts.modules[change.module], tensor, original.shape, change.strength,
          values);
  return merged_.emplace(name, stored_as(std::move(values), original.shape, precision_))
      .first->second;
}

std::vector<LoraReport> sort_modules(const std::vector<LoraUse>& loras, const LayerIndex& index,
                                     const std::map<int, const TensorMap*>& parts,
                                     const std::map<int, LoraEdits*>& edits,
                                     const std::string& model, const std::string& family) {
  std::vector<LoraReport> reports;
  for (const LoraUse& use : loras) {
    const LoraFile& file = *use.file;
    if (!file.base.empty() && family != "Custom" && file.base != family)
      refuse_base(file, model, family);
    LoraReport report{file.name, 0, static_cast<int>(file.parts.modules.size()), {}};
    for (size_t i = 0; i < file.parts.modules.size(); ++i)
      if (const auto reason = sort_module(use, i, index, parts, edits))
        report.left.push_back(file.parts.modules[i].name + ": " + *reason);
      else
        ++report.applied;
    if (report.applied == 0 && !(file.parts.modules.empty() && !file.parts.embeddings.empty()))
      throw Error(ErrorKind::InvalidArgument,
                  "<lora:" + file.name + ">: none of the " + std::to_string(report.modules) +
                      " modules of " + file.path.filename().string() + " fits the model " + model +
                      " (" + spoken_base(family) + ")" +
                      (report.left.empty() ? "" : ": " + report.left.front()) +
                      "; it was made for another kind of model");
    reports.push_back(std::move(report));
  }
  return reports;
}

std::string lora_set_id(const std::vector<LoraUse>& loras, bool text) {
  std::string id;
  for (const LoraUse& use : loras) {
    const float strength = text ? use.te : use.unet;
    if (strength != 0) id += "+" + use.file->sha256 + "*" + strength_text(strength);
  }
  return id.empty() ? "" : sha256_hex(id).substr(0, 32);
}

}  // namespace pentimento
