// Internal to the codec: libvips started once, with nothing in reach but the loaders we mean.
#pragma once

#include <vips/vips.h>

#include <memory>
#include <string>

namespace pentimento {

// Starts libvips on the first call: one thread per picture, no operation cache, untrusted loaders
// and all loaders but ours blocked, warnings silenced. Throws Internal if it cannot start.
void start_vips();

struct VipsUnref {
  void operator()(VipsImage* image) const { g_object_unref(image); }
};
using VipsHandle = std::unique_ptr<VipsImage, VipsUnref>;

// vips_NAME(in, &out, args..., NULL); empty on failure.
template <typename Operation, typename... Args>
VipsHandle vips_apply(Operation operation, VipsImage* in, Args... args) {
  VipsImage* out = nullptr;
  if (operation(in, &out, args..., static_cast<void*>(nullptr)) != 0) return {};
  return VipsHandle(out);
}

// What libvips complained about, on one line; clears it.
std::string take_vips_error();

}  // namespace pentimento
