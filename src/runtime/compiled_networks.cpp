#include "runtime/compiled_networks.h"

#include <algorithm>
#include <chrono>

#include "runtime/weight_source.h"

namespace pentimento {
namespace {

// Shapes of one network that stay compiled side by side: two prompt lengths, or guidance on and
// off.
constexpr int kShapesKept = 2;
// A network is compiled beside another's work where this many times its bytes are free.
constexpr uint64_t kRoomToExpect = 3;

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

void CompiledNetworks::release(Position network) {
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

CompiledNetworks::Position CompiledNetworks::find(const std::string& name, const ModelPart& part,
                                                  const std::string& shape) {
  return std::ranges::find_if(networks_, [&](const Compiled& network) {
    return network.name == name && network.shape == shape && network.set_id == part.set_id;
  });
}

CompiledNetwork CompiledNetworks::compile(const std::string& name, const ModelPart& part,
                                          const std::string& shape, const Describe& describe,
                                          const Progress& progress) {
  // Merged weights live in the network then, or nowhere when compiling failed.
  struct Forgetting {
    LoraEdits* edits;
    ~Forgetting() {
      if (edits) edits->forget();
    }
  } const forgetting{part.edits.get()};
  return runtime_.impl().compile({name, part.id, shape, part.file}, describe, progress);
}

void CompiledNetworks::add(Compiled network, uint64_t bytes) {
  networks_.push_front(std::move(network));
  const auto added = networks_.begin();
  added->ticket = budget_->hold({this, bytes, [this, added] { release(added); }});
}

Network& CompiledNetworks::get(const std::string& name, const ModelPart& part,
                               const std::string& shape, const Describe& describe,
                               const Progress& progress) {
  if (expected_ && expected_->part == &part) {
    progress.at("compile", 0, 1);
    settle();
    progress.at("compile", 1, 1);
  }
  if (const auto found = find(name, part, shape); found != networks_.end()) {
    networks_.splice(networks_.begin(), networks_, found);
    budget_->touch(found->ticket);
    return *found->network;
  }
  const uint64_t bytes = bytes_of(part);
  keep_two_shapes(name);
  budget_->make_room(bytes + bytes / 8);
  CompiledNetwork compiled = compile(name, part, shape, describe, progress);
  records_.push_back({name, compiled.seconds, compiled.from_cache});
  add({name, shape, part.set_id, std::move(compiled.network), {}}, bytes);
  return *networks_.front().network;
}

void CompiledNetworks::expect(const std::string& name, const ModelPart& part,
                              const std::string& shape, const Describe& describe,
                              const Progress& progress) {
  const uint64_t bytes = bytes_of(part);
  // The network, what is read for it, and what the computation beside it takes meanwhile.
  if (expected_ || find(name, part, shape) != networks_.end() ||
      !budget_->has_room(kRoomToExpect * bytes))
    return;
  Progress silent;
  silent.cancel = progress.cancel;
  expected_ = {.name = name,
               .shape = shape,
               .set_id = part.set_id,
               .part = &part,
               .compiled = std::async(std::launch::async, [=, this, &part] {
                 return compile(name, part, shape, describe, silent);
               })};
}

void CompiledNetworks::settle() {
  if (!expected_) return;
  Expected expected = std::move(*expected_);
  expected_.reset();
  const auto began = std::chrono::steady_clock::now();
  try {
    CompiledNetwork compiled = expected.compiled.get();
    const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - began;
    records_.push_back({expected.name, waited.count(), compiled.from_cache});
    keep_two_shapes(expected.name);
    add({expected.name, expected.shape, expected.set_id, std::move(compiled.network), {}},
        bytes_of(*expected.part));
  } catch (const std::exception&) {  // whoever asks for the network will be told
  }
}

CompiledNetworks::~CompiledNetworks() {
  expected_.reset();  // waits for it
  budget_->forget(this);
}

}  // namespace pentimento
