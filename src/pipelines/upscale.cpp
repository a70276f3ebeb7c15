#include "pipelines/upscale.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <tuple>

#include "base/error.h"
#include "image/composite.h"
#include "image/resize.h"

namespace pentimento {
namespace {

constexpr double kLargestScale = 16;
constexpr int kLargestEdge_px = 32'768;
constexpr int64_t kMostPixels = 400'000'000;
constexpr int kMostPasses = 3;
// Lanczos may do the last bit of the way: a whole pass more costs many times as much.
constexpr double kLanczosMay = 1.25;

[[noreturn]] void refuse(ErrorKind kind, const std::string& message) { throw Error(kind, message); }

std::string size_text(int width, int height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

int rounded(double length) { return std::max(1, static_cast<int>(std::lround(length))); }

std::pair<int, int> target_size(const UpscaleRequest& request, int width, int height) {
  if (request.width > 0 && request.height > 0) return {request.width, request.height};
  const double scale = request.width > 0    ? static_cast<double>(request.width) / width
                       : request.height > 0 ? static_cast<double>(request.height) / height
                                            : request.scale;
  // As doubles first: a scale may lead beyond what fits an int.
  return {rounded(std::min(1e9, width * scale)), rounded(std::min(1e9, height * scale))};
}

// The size before each pass. Between two passes the picture is reduced so far that the last pass
// lands on the target: the whole result of a pass would be computed upon for nothing.
std::vector<std::pair<int, int>> passes_of(int scale, int width, int height, int to_width,
                                           int to_height) {
  const double factor =
      std::max(static_cast<double>(to_width) / width, static_cast<double>(to_height) / height);
  int count = 1;
  for (double reach = scale; scale > 1 && count < kMostPasses && reach * kLanczosMay < factor;
       reach *= scale)
    ++count;
  std::vector<std::pair<int, int>> sizes{{width, height}};
  for (int k = 1; k < count; ++k) {
    const double remaining = std::pow(scale, count - k);
    const auto before = [&](int target, int last) {
      return std::min(last * scale, static_cast<int>(std::ceil(target / remaining)));
    };
    sizes.emplace_back(before(to_width, sizes.back().first),
                       before(to_height, sizes.back().second));
  }
  return sizes;
}

std::string timing_key(const UpscalePlan& plan) { return "enlarge " + plan.upscaler; }

double work_of(const UpscalePlan& plan) {
  double pixels = 0;
  for (const auto& [width, height] : plan.passes) pixels += static_cast<double>(width) * height;
  return pixels;
}

Image channel(const Image& image, int index) {
  Image plane(image.width, image.height, 1);
  const auto step = static_cast<size_t>(image.channels);
  for (size_t i = 0; i < plane.pixels.size(); ++i)
    plane.pixels[i] = image.pixels[i * step + static_cast<size_t>(index)];
  return plane;
}

Image colours_of(const Image& image) {
  if (image.channels != 4) return to_rgb(image);
  Image rgb(image.width, image.height, 3);
  for (size_t i = 0; i < rgb.pixels.size() / 3; ++i)
    std::copy_n(&image.pixels[i * 4], 3, &rgb.pixels[i * 3]);
  return rgb;
}

Image resized(const Image& image, int width, int height) {
  if (image.width == width && image.height == height) return image;
  return resize(image, width, height, Filter::Lanczos);
}

}  // namespace

std::vector<std::string> problems_of(const UpscaleRequest& request) {
  std::vector<std::string> problems;
  if (!(request.scale >= 1 && request.scale <= kLargestScale))
    problems.push_back("scale: " + number_text(request.scale) + ", expected 1 to " +
                       number_text(kLargestScale));
  for (const auto& [name, value] : {std::pair("width", request.width), {"height", request.height}})
    if (value < 0 || value > kLargestEdge_px)
      problems.push_back(std::string(name) + ": " + std::to_string(value) + ", expected 0 to " +
                         std::to_string(kLargestEdge_px));
  if (request.upscaler.empty())
    problems.push_back(std::string("upscaler: none named, expected one such as ") +
                       kDefaultUpscaler + " or lanczos");
  return problems;
}

std::string UpscalePlan::describe() const {
  std::string text =
      upscaler + ": " + size_text(from_width, from_height) + " to " + size_text(width, height);
  if (!passes.empty()) {
    text += ", network x" + std::to_string(network_scale);
    if (passes.size() > 1) text += " " + std::to_string(passes.size()) + " times";
    const auto [last_width, last_height] = passes.back();
    if (last_width * network_scale != width || last_height * network_scale != height)
      text += " then Lanczos";
  }
  if (seconds) {
    char time[48];
    std::snprintf(time, sizeof time, ", about %.*f s", *seconds < 10 ? 1 : 0, *seconds);
    text += time;
  }
  return text;
}

UpscalePlan plan_upscale(const UpscaleRequest& request, const std::string& upscaler,
                         const UpscalerConfig* network, int width, int height,
                         const Timings* timings) {
  std::string all;
  for (const std::string& problem : problems_of(request))
    all += (all.empty() ? "" : "; ") + problem;
  if (!all.empty()) refuse(ErrorKind::InvalidArgument, all);
  if (width < 1 || height < 1) refuse(ErrorKind::InvalidArgument, "the picture is empty");

  UpscalePlan plan{
      .upscaler = upscaler, .network_hash = "", .from_width = width, .from_height = height};
  std::tie(plan.width, plan.height) = target_size(request, width, height);
  if (network) {
    plan.network_scale = network->scale;
    plan.passes = passes_of(network->scale, width, height, plan.width, plan.height);
  }
  const auto check = [&](int64_t w, int64_t h, const char* what) {
    if (w > kLargestEdge_px || h > kLargestEdge_px || w * h > kMostPixels)
      refuse(ErrorKind::Unsupported,
             size_text(width, height) + " to " + size_text(plan.width, plan.height) + ": " + what +
                 " would be " + std::to_string(w) + "x" + std::to_string(h) +
                 ", expected sides of at most 32768 and at most 400 million pixels; ask for less");
  };
  check(plan.width, plan.height, "the result");
  plan.memory_bytes = static_cast<uint64_t>(plan.width) * static_cast<uint64_t>(plan.height) * 8;
  for (const auto& [w, h] : plan.passes) {
    const int64_t big_w = int64_t{w} * plan.network_scale, big_h = int64_t{h} * plan.network_scale;
    check(big_w, big_h, "what the network makes");
    const uint64_t here =
        Upscaler::memory_bytes(*network, w, h) +
        static_cast<uint64_t>(big_w) * static_cast<uint64_t>(big_h) * 7 +
        static_cast<uint64_t>(plan.width) * static_cast<uint64_t>(plan.height) * 4;
    plan.memory_bytes = std::max(plan.memory_bytes, here);
  }
  if (timings && network) plan.seconds = timings->seconds(timing_key(plan), work_of(plan));
  return plan;
}

UpscalePlan plan_upscale(const UpscaleRequest& request, const UpscalerEntry& entry,
                         const Upscaler* network, int width, int height, const Timings* timings) {
  UpscalePlan plan = plan_upscale(request, entry.name, network ? &network->config() : nullptr,
                                  width, height, timings);
  if (network) plan.network_hash = network->sha256().substr(0, 10);
  return plan;
}

void check_memory(const UpscalePlan& plan, uint64_t available_bytes) {
  if (available_bytes == 0 || plan.memory_bytes <= available_bytes) return;
  const auto mib = [](uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; };
  refuse(ErrorKind::OutOfMemory,
         size_text(plan.from_width, plan.from_height) + " to " +
             size_text(plan.width, plan.height) + " needs about " + mib(plan.memory_bytes) + ", " +
             mib(available_bytes) + " are free; ask for a smaller size, or for --upscaler lanczos");
}

Image run_upscale(Upscaler* network, const UpscalePlan& plan, const Image& picture,
                  const Progress& progress, Timings* timings) {
  if (plan.passes.empty() != (network == nullptr))
    refuse(ErrorKind::Internal, "the plan and the network do not belong together");
  if (plan.passes.empty()) return resized(picture, plan.width, plan.height);

  const auto start = std::chrono::steady_clock::now();
  Image colours = colours_of(picture);
  for (const auto& [width, height] : plan.passes)
    colours = network->enlarge(resized(colours, width, height), progress);
  if (timings) {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    timings->learn(timing_key(plan), work_of(plan), passed.count());
  }
  if (picture.channels == 1) return resized(to_grey(colours), plan.width, plan.height);
  if (picture.channels == 3) return resized(colours, plan.width, plan.height);
  // Joined before the last resize, which then weighs colours by how much of them is seen.
  const Image alpha = resized(channel(picture, 3), colours.width, colours.height);
  const Image result = resized(with_alpha(colours, alpha), plan.width, plan.height);
  // Enlarged twice, alpha would be softer than it was drawn.
  return with_alpha(colours_of(result), resized(channel(picture, 3), plan.width, plan.height));
}

std::unique_ptr<Upscaler> open_network(Runtime& runtime, const UpscalerEntry& entry) {
  if (entry.path.empty()) return nullptr;
  UpscalerFile file = open_upscaler(entry.path);
  file.name = entry.name;
  return std::make_unique<Upscaler>(runtime, std::move(file));
}

}  // namespace pentimento
