#include "runtime/compiled_networks.h"

#include "runtime/weight_source.h"

namespace pentimento {
namespace {

// Shapes of one network that stay compiled side by side: two prompt lengths, or guidance on and
// off.
constexpr int kShapesKept = 2;

}  // namespace

std::string shape_text(std::initializer_list<int64_t> values) {
  std::string text;
  for (int64_t v : values) text += (text.empty() ? "" : "x") + std::to_string(v);
  return text;
}

ModelPart::ModelPart(TensorMap map, const std::filesystem::path& path, std::string weights_id)
    : tensors(std::move(map)),
      source(path.filename().string()),
      weights(tensors, source),
      id(std::move(weights_id)),
      file(main_file(tensors)),
      file_id_(id) {
  for (const auto& [name, view] : tensors) parameters += element_count(view.shape);
}

void ModelPart::edit(std::shared_ptr<LoraEdits> changed, std::string changed_id) {
  edits = std::move(changed);
  set_id = std::move(changed_id);
  weights = nn::Weights(tensors, source, edits);
  // Without a name of the file's own nothing is cached on disk, merged or not.
  id = set_id.empty() || file_id_.empty() ? file_id_ : file_id_ + "+lora:" + set_id;
}

uint64_t CompiledNetworks::bytes_of(const ModelPart& part) const {
  const bool wide = runtime_.precision() == Precision::F32;
  return static_cast<uint64_t>(part.parameters) * (wide ? 4 : 2);
}

void CompiledNetworks::release(std::list<Compiled>::iterator network) {
  if (on_release) on_release(*network->network);
  networks_.erase(network);
}

void CompiledNetworks::keep_two_shapes(const std::string& name) {
  int kept = 0;
  for (auto it = networks_.begin(); it != networks_.end();) {
    const auto next = std::next(it);
    if (it->name == name && ++kept >= kShapesKept) {
      budget_->drop(it->ticket);
      release(it);
    }
    it = next;
  }
}

Network& CompiledNetworks::get(const std::string& name, const ModelPart& part,
                               const std::string& shape,
                               const std::function<std::shared_ptr<ov::Model>()>& describe,
                               const Progress& progress) {
  for (auto it = networks_.begin(); it != networks_.end(); ++it)
    if (it->name == name && it->shape == shape && it->set_id == part.set_id) {
      networks_.splice(networks_.begin(), networks_, it);
      budget_->touch(it->ticket);
      return *it->network;
    }
  const uint64_t bytes = bytes_of(part);
  keep_two_shapes(name);
  budget_->make_room(bytes + bytes / 8);
  // Merged weights live in the network then, or nowhere when compiling failed.
  struct Forgetting {
    LoraEdits* edits;
    ~Forgetting() {
      if (edits) edits->forget();
    }
  } const forgetting{part.edits.get()};
  CompiledNetwork compiled =
      runtime_.impl().compile({name, part.id, shape, part.file}, describe, progress);
  records_.push_back({name, compiled.seconds, compiled.from_cache});
  networks_.push_front({name, shape, part.set_id, std::move(compiled.network), {}});
  const auto added = networks_.begin();
  added->ticket = budget_->hold({this, bytes, [this, added] { release(added); }});
  return *added->network;
}

}  // namespace pentimento
