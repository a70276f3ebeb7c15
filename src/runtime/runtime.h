// Devices, precision and the compiled-network cache: the one place that owns OpenVINO's Core.
// No OpenVINO type appears in the headers that pipelines include.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace pentimento {

enum class Precision { Auto, F32, BF16, F16 };
const char* to_string(Precision precision);
Precision parse_precision(const std::string& text);  // "auto", "f32", … ; throws InvalidArgument

struct RuntimeOptions {
  std::string device = "CPU";                // CPU GPU NPU AUTO, as OpenVINO names them
  Precision precision = Precision::Auto;     // Auto: bf16 where the processor multiplies it fast
  int threads = 0;                           // 0: OpenVINO's choice
  std::filesystem::path cache_dir;           // compiled networks; empty: no disk cache
  uint64_t cache_limit_bytes = 20ull << 30;  // least recently used leave beyond this
};

struct DeviceInfo {
  std::string name, full_name;                // "CPU", "AMD EPYC …"
  std::vector<std::string> precisions;        // what it multiplies fast
  Precision auto_precision = Precision::F32;  // what Auto means there
};

// Thread contract: may be shared; compiling is serialised inside.
class Runtime {
 public:
  explicit Runtime(RuntimeOptions options);
  ~Runtime();
  const RuntimeOptions& options() const;
  Precision precision() const;  // Auto resolved
  std::vector<DeviceInfo> devices() const;
  void clear_cache() const;
  uint64_t cache_bytes() const;

  struct Impl;  // OpenVINO's side, runtime/runtime_impl.h
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace pentimento
