// LoRAs in a resident model: each part's tensors are edited while its networks are built.
#include "runtime/stable_diffusion_impl.h"

namespace pentimento {
namespace {

DType stored_type(Precision precision) {
  switch (precision) {
    case Precision::BF16:
      return DType::BF16;
    case Precision::F16:
      return DType::F16;
    default:
      return DType::F32;
  }
}

}  // namespace

std::vector<LoraReport> ResidentModel::use_loras(const std::vector<LoraUse>& loras,
                                                 const std::string& model) {
  networks_.settle();
  std::map<int, ModelPart*> parts = {{LayerIndex::kUnet, &unet_}};
  std::vector<const TensorMap*> text;
  for (size_t i = 0; i < text_.size(); ++i) {
    parts[static_cast<int>(i)] = text_[i].get();
    text.push_back(&text_[i]->tensors);
  }
  if (!layers_ && !loras.empty()) layers_.emplace(unet_.tensors, text);

  std::map<int, std::shared_ptr<LoraEdits>> edits;
  std::map<int, LoraEdits*> borrowed;
  std::map<int, const TensorMap*> tensors;
  for (const auto& [number, part] : parts) {
    edits[number] = std::make_shared<LoraEdits>(stored_type(runtime_.precision()));
    borrowed[number] = edits[number].get();
    tensors[number] = &part->tensors;
  }
  std::vector<LoraReport> reports;
  if (!loras.empty())
    reports = sort_modules(loras, *layers_, tensors, borrowed, model, to_string(config_.family));

  for (const auto& [number, part] : parts) {
    const bool changes = !edits[number]->empty();
    const bool is_text = number != LayerIndex::kUnet;
    const std::string set_id = changes ? lora_set_id(loras, is_text) : "";
    if (set_id == part->set_id) continue;  // the same set: what is compiled stays valid
    part->edit(changes ? edits[number] : nullptr, set_id);
  }
  uploaded_ = {};
  return reports;
}

}  // namespace pentimento
