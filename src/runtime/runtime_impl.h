// OpenVINO's side of Runtime: for the .cpp files of runtime/ only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "base/progress.h"
#include "base/tensor.h"
#include "openvino/runtime/core.hpp"
#include "runtime/runtime.h"

namespace pentimento {

// A compiled network with the buffers of one run in progress.
// Thread contract: one thread at a time.
class Network {
 public:
  explicit Network(ov::CompiledModel compiled);

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
  ov::CompiledModel compiled_;
  ov::InferRequest request_;
};

// What names a compiled network in the disk cache, beside device, precision and OpenVINO's version.
struct NetworkKey {
  std::string network;     // "unet", also shown to the user
  std::string weights_id;  // names the weights; empty: never cached on disk
  std::string shape;       // everything else that the graph depends on: "2x4x64x64,77"
};

struct CompiledNetwork {
  std::unique_ptr<Network> network;
  double seconds = 0;
  bool from_cache = false;
};

struct Runtime::Impl {
  explicit Impl(RuntimeOptions options);

  // Compiles what `describe` returns, or takes it from the disk cache without describing it.
  // Errors of OpenVINO become Error{CorruptFile} while describing and Error{Internal} while
  // compiling.
  CompiledNetwork compile(const NetworkKey& key,
                          const std::function<std::shared_ptr<ov::Model>()>& describe,
                          const Progress& progress);
  // Properties for compile_model and import_model.
  ov::AnyMap properties() const;

  RuntimeOptions options;
  Precision precision;  // resolved
  ov::Core core;
  std::mutex mutex;
};

}  // namespace pentimento
