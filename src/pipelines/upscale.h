// Enlarging a picture to any size: a network of the Real-ESRGAN family as often as needed, and
// Lanczos for the rest of the way.
// Limitations: networks invent what fits; use Lanczos where every detail must be as it was. Alpha
// is enlarged by Lanczos.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/progress.h"
#include "image/image.h"
#include "pipelines/timings.h"
#include "pipelines/upscalers.h"
#include "runtime/upscaler.h"

namespace pentimento {

// Plain data: what the user asked, complete.
struct UpscaleRequest {
  double scale = 2;                         // 1..16; ignored when a size is given
  int width = 0, height = 0;                // pixels of the result; one of them: the other follows
  std::string upscaler = kDefaultUpscaler;  // a name or file, as find_upscaler takes it
};

// Every problem, one line each; empty when it can run.
std::vector<std::string> problems_of(const UpscaleRequest& request);

// What will really run.
struct UpscalePlan {
  std::string upscaler;      // "realesrgan-x4plus"
  std::string network_hash;  // 10 digits of its SHA-256; empty: no network
  int from_width = 0, from_height = 0;
  int width = 0, height = 0;  // of the result
  int network_scale = 1;      // of one pass
  // The size the picture has before each pass of the network; empty for Lanczos alone.
  std::vector<std::pair<int, int>> passes;
  uint64_t memory_bytes = 0;      // estimated peak
  std::optional<double> seconds;  // when this machine has done the like before

  // "realesrgan-x4plus: 600x400 to 1200x800, network x4 then Lanczos, about 20 s"
  std::string describe() const;
};

// `network` is null for Lanczos. Throws InvalidArgument with the problems, Unsupported when a side
// would grow beyond 32768 pixels or the result beyond 400 million.
UpscalePlan plan_upscale(const UpscaleRequest& request, const std::string& upscaler,
                         const UpscalerConfig* network, int width, int height,
                         const Timings* timings);

// The same for an entry and its network as opened, whose hash the plan then knows.
UpscalePlan plan_upscale(const UpscaleRequest& request, const UpscalerEntry& entry,
                         const Upscaler* network, int width, int height, const Timings* timings);

// Throws OutOfMemory with the numbers when the plan needs more than is available (0 = unknown).
void check_memory(const UpscalePlan& plan, uint64_t available_bytes);

// Grey, RGB or RGBA in; the same out, plan.width x plan.height. `network` is null exactly when the
// plan has no passes. Reports "enlarge", counting pieces, once a pass; `timings`, unless null,
// learns. Thread contract: the upscaler's.
Image run_upscale(Upscaler* network, const UpscalePlan& plan, const Image& picture,
                  const Progress& progress, Timings* timings = nullptr);

// Opens the network that the entry names; null for Lanczos.
std::unique_ptr<Upscaler> open_network(Runtime& runtime, const UpscalerEntry& entry);

}  // namespace pentimento
