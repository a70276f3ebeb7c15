// OpenVINO's side of Runtime: for the .cpp files of runtime/ only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/progress.h"
#include "base/tensor.h"
#include "openvino/runtime/core.hpp"
#include "runtime/network_budget.h"
#include "runtime/network_cache.h"
#include "runtime/runtime.h"

namespace pentimento {

// A compiled network with the buffers of one run in progress.
// Thread contract: one thread at a time.
class Network {
 public:
  // `keep_alive`: bytes that the compiled network still points into.
  explicit Network(ov::CompiledModel compiled, std::shared_ptr<const void> keep_alive = {});

  // Copies values into an input. Throws Internal when the size differs from the network's.
  void set(const std::string& input, const Tensor& values);
  void set(const std::string& input, std::span<const int64_t> values);
  // The f32 buffer of an input, for callers that assemble it themselves.
  std::span<float> input(const std::string& name);
  bool has_input(const std::string& name) const;

  // Computes; throws Cancelled soon after the token is raised (within about one layer).
  void run(const Progress& progress);

  Tensor output(const std::string& name) const;
  std::vector<std::string> output_names() const;
  const ov::CompiledModel& compiled() const { return compiled_; }

 private:
  std::shared_ptr<const void> keep_alive_;
  ov::CompiledModel compiled_;
  ov::InferRequest request_;
};

// What names a compiled network in the disk cache, beside device, precision and OpenVINO's version.
struct NetworkKey {
  std::string network;     // "unet", also shown to the user
  std::string weights_id;  // names the weights; empty: never cached on disk
  std::string shape;       // everything else that the graph depends on: "2x4x64x64,77"
  // Where the weights lie, if they do in one file: the cache entry then points into it.
  std::shared_ptr<const MappedFile> file;
};

struct CompiledNetwork {
  std::unique_ptr<Network> network;
  double seconds = 0;
  bool from_cache = false;
};

// Thread contract: compile() may be called from several threads; one compiles, the others wait.
struct Runtime::Impl {
  explicit Impl(RuntimeOptions options);

  // Compiles what `describe` returns, or takes it from the disk cache without describing it.
  // Throws CorruptFile when the weights do not fit together, Internal when the device cannot run
  // the network, Cancelled within a moment of being asked (the compilation itself cannot be
  // stopped: it goes on in the background, and the destructor waits for it).
  CompiledNetwork compile(const NetworkKey& key,
                          const std::function<std::shared_ptr<ov::Model>()>& describe,
                          const Progress& progress);
  // Properties for compile_model and import_model.
  ov::AnyMap properties() const;

  RuntimeOptions options;
  Precision precision;  // resolved
  NetworkCache cache;
  // Shared with the networks it counts, which may outlive the runtime.
  const std::shared_ptr<NetworkBudget> budget = std::make_shared<NetworkBudget>(0);
  ov::Core core;

 private:
  std::string cache_key(const NetworkKey& key) const;
  ov::AnyMap cache_properties(const NetworkKey& key) const;
  std::optional<ov::CompiledModel> import_cached(const NetworkKey& key, const Progress& progress,
                                                 std::shared_ptr<const MappedFile>& entry);
  void store(const NetworkKey& key, const ov::CompiledModel& compiled);
  ov::CompiledModel in_background(std::function<ov::CompiledModel()> work, const NetworkKey& key,
                                  const Progress& progress);

  std::mutex mutex_;
  std::vector<std::jthread> abandoned_;  // compilations nobody waits for any more
};

}  // namespace pentimento
