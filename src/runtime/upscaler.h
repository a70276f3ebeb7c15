// A network that enlarges pictures, compiled and run in pieces of bounded size.
//
// Neighbouring pieces overlap. Near a cut a piece does not see what lies beyond, so the outer part
// of each overlap is thrown away and the rest is blended. An RRDBNet runs as two networks: its body
// on large pieces (it sees far, and a cut costs much overlap), its head on small ones (it works on
// the enlarged picture, where memory goes, and sees two pixels far).
#pragma once

#include <cstdint>
#include <memory>

#include "base/progress.h"
#include "image/image.h"
#include "runtime/runtime.h"
#include "weights/upscaler_file.h"

namespace pentimento {

// Edges of what is computed at once, in pixels of the picture (of its features).
struct UpscalerLimits {
  int body_tile_px = 640;
  int head_tile_px = 128;
};

// Networks are compiled when first needed, at the runtime's precision, and kept in its cache.
// Thread contract: one thread computes.
class Upscaler {
 public:
  // `runtime` must outlive this.
  Upscaler(Runtime& runtime, UpscalerFile file, UpscalerLimits limits = {});
  ~Upscaler();

  const UpscalerConfig& config() const;
  const std::string& name() const;
  // SHA-256 of the weights file.
  const std::string& sha256() const;

  // RGB of any size in, RGB of config().scale times its size out. Reports the stage "enlarge",
  // counting pieces.
  Image enlarge(const Image& picture, const Progress& progress);

  // What enlarge() takes at most beside picture and result, about, whatever the picture's size.
  static uint64_t memory_bytes(const UpscalerConfig& config, int width, int height,
                               const UpscalerLimits& limits = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pentimento
