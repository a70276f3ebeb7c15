// The networks of one resident model, compiled on first use for the shapes asked for, and let go
// when their memory is wanted by this model or another: for the .cpp files of runtime/ only.
#pragma once

#include <functional>
#include <future>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nn/weights.h"
#include "runtime/compile_record.h"
#include "runtime/runtime_impl.h"
#include "weights/lora_set.h"

namespace pentimento {

// The weights of one network of a model.
struct ModelPart {
  ModelPart(TensorMap map, const std::filesystem::path& path, std::string weights_id);
  ModelPart(const ModelPart&) = delete;
  ModelPart& operator=(const ModelPart&) = delete;

  // A view of its own for a thread beside the one that uses `weights`.
  nn::Weights own_weights() const { return {tensors, source, edits}; }

  // Lays `edits` over the tensors; null, and the name "", for the file's own.
  void edit(std::shared_ptr<LoraEdits> edits, std::string set_id);

  TensorMap tensors;
  std::string source;  // file name, for messages
  nn::Weights weights;
  std::string id;                          // names them in the compile cache
  std::shared_ptr<const MappedFile> file;  // that most of them lie in
  std::shared_ptr<LoraEdits> edits;        // what is laid over them now, or null
  std::string set_id;                      // names that; "" for nothing
  int64_t parameters = 0;

 private:
  std::string file_id_;  // of the tensors without edits
};

// Thread contract: one thread at a time.
class CompiledNetworks {
 public:
  explicit CompiledNetworks(Runtime& runtime) : runtime_(runtime), budget_(runtime.impl().budget) {}
  ~CompiledNetworks();
  CompiledNetworks(const CompiledNetworks&) = delete;
  CompiledNetworks& operator=(const CompiledNetworks&) = delete;

  using Describe = std::function<std::shared_ptr<ov::Model>()>;
  // The network of that name and shape over `part`; stays valid until another one is asked for,
  // of this model or of any other of the runtime.
  Network& get(const std::string& name, const ModelPart& part, const std::string& shape,
               const Describe& describe, const Progress& progress);
  // Begins to compile that network beside whatever is computed next, where there is room for it
  // without letting go of anything; get() then waits for the rest. Nothing else may use `part`
  // before get() is called for it, or settle().
  void expect(const std::string& name, const ModelPart& part, const std::string& shape,
              const Describe& describe, const Progress& progress);
  void settle();  // waits for what was expected
  // Called with a network that is about to go.
  std::function<void(const Network&)> on_release;

  // About what the weights of `part` take once compiled.
  uint64_t bytes_of(const ModelPart& part) const;
  const std::vector<CompileRecord>& records() const { return records_; }

 private:
  struct Compiled {
    std::string name, shape, set_id;
    std::unique_ptr<Network> network;
    NetworkBudget::Ticket ticket;
  };
  struct Expected {
    std::string name, shape, set_id;
    const ModelPart* part;
    std::future<CompiledNetwork> compiled;
  };
  using Position = std::list<Compiled>::iterator;
  Position find(const std::string& name, const ModelPart& part, const std::string& shape);
  CompiledNetwork compile(const std::string& name, const ModelPart& part, const std::string& shape,
                          const Describe& describe, const Progress& progress);
  void add(Compiled network, uint64_t bytes);
  // Lets go of shapes of a network beyond two, those used longest ago.
  void keep_two_shapes(const std::string& name);
  void release(Position network);

  Runtime& runtime_;
  std::shared_ptr<NetworkBudget> budget_;
  std::list<Compiled> networks_;  // most recently used first
  std::vector<CompileRecord> records_;
  std::optional<Expected> expected_;
};

// "2x4x64x64"
std::string shape_text(std::initializer_list<int64_t> values);

}  // namespace pentimento
