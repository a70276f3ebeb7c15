#include "runtime/runtime.h"

#include "base/error.h"
#include "openvino/runtime/properties.hpp"
#include "runtime/processor.h"
#include "runtime/runtime_impl.h"

namespace pentimento {
namespace {

Precision resolve(Precision wanted, const std::string& device) {
  if (wanted != Precision::Auto) return wanted;
  if (device == "CPU") return bf16_is_fast(this_processor()) ? Precision::BF16 : Precision::F32;
  return Precision::F16;  // GPU and NPU multiply f16 natively
}

}  // namespace

Runtime::Impl::Impl(RuntimeOptions wanted)
    : options(std::move(wanted)),
      precision(resolve(options.precision, options.device)),
      cache(options.cache_dir, options.cache_limit_bytes) {}

const char* to_string(Precision precision) {
  switch (precision) {
    case Precision::Auto:
      return "auto";
    case Precision::F32:
      return "f32";
    case Precision::BF16:
      return "bf16";
    case Precision::F16:
      return "f16";
  }
  return "auto";
}

Precision parse_precision(const std::string& text) {
  for (Precision p : {Precision::Auto, Precision::F32, Precision::BF16, Precision::F16})
    if (text == to_string(p)) return p;
  throw Error(ErrorKind::InvalidArgument,
              "precision '" + text + "' is not known, expected auto, f32, bf16 or f16");
}

Runtime::Runtime(RuntimeOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {
  bool known = impl_->options.device.rfind("AUTO", 0) == 0;
  std::string names = "AUTO";
  for (const DeviceInfo& device : devices()) {
    known = known || impl_->options.device == device.name;
    names += ", " + device.name;
  }
  if (!known)
    throw Error(
        ErrorKind::InvalidArgument,
        "device '" + impl_->options.device + "' is not on this computer, expected one of " + names);
}

Runtime::~Runtime() = default;

const RuntimeOptions& Runtime::options() const { return impl_->options; }

Precision Runtime::precision() const { return impl_->precision; }

std::vector<DeviceInfo> Runtime::devices() const {
  std::vector<DeviceInfo> found;
  for (const std::string& name : impl_->core.get_available_devices()) {
    DeviceInfo info{.name = name};
    info.full_name = impl_->core.get_property(name, ov::device::full_name);
    for (const std::string& p : impl_->core.get_property(name, ov::device::capabilities))
      if (p == "FP32" || p == "BF16" || p == "FP16" || p == "INT8") info.precisions.push_back(p);
    info.auto_precision = resolve(Precision::Auto, name);
    found.push_back(std::move(info));
  }
  return found;
}

void Runtime::clear_cache() const { impl_->cache.clear(); }

uint64_t Runtime::cache_bytes() const { return impl_->cache.bytes(); }

}  // namespace pentimento
