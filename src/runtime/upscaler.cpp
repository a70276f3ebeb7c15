#include "runtime/upscaler.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/sha256.h"
#include "models/upscaler.h"
#include "runtime/painting_tiles.h"
#include "runtime/runtime_impl.h"
#include "runtime/upscale_tiles.h"
#include "runtime/weight_source.h"

namespace pentimento {
namespace {

constexpr int kRamp_px = 32;  // of the blend between two pieces

int round_up(int value, int step) { return (value + step - 1) / step * step; }

// The head wants features in multiples of 4; multiples of 8 let pictures of similar size share a
// compiled network.
int step_of(const UpscalerConfig& config) { return std::max(8, 4 * config.unshuffle); }

// How a picture is cut for the body.
struct Cutting {
  Pieces x, y;
};
Cutting cutting_of(const UpscalerConfig& config, const UpscalerLimits& limits, int width,
                   int height) {
  const int step = step_of(config);
  const int overlap = round_up(2 * models::upscaler_margin(config) + kRamp_px, step);
  // At least three overlaps long, so that no pixel belongs to more than two pieces of an axis.
  const int longest = std::max(limits.body_tile_px / step * step, 3 * overlap);
  return {pieces_of(round_up(width, step), longest, overlap, step),
          pieces_of(round_up(height, step), longest, overlap, step)};
}

// The part of planes [C, ?, row] that lies at x, y, into planes of x.end-x.begin columns.
void copy_in(const Tensor& from, std::span<float> to, const Cut& x, const Cut& y) {
  const int64_t rows = from.dim(2), row = from.dim(3);
  auto out = to.begin();
  for (int64_t c = 0; c < from.dim(1); ++c)
    for (int v = y.begin; v < y.end; ++v)
      out = std::copy_n(from.data.begin() + (c * rows + v) * row + x.begin, x.end - x.begin, out);
}

// The kept part of an enlarged patch into the enlarged piece; `factor` enlarged pixels for each.
void copy_out(const Tensor& from, Tensor& to, const Cut& x, const Cut& y, int factor) {
  const int64_t rows = to.dim(2), row = to.dim(3), columns = from.dim(3);
  for (int64_t c = 0; c < 3; ++c)
    for (int v = y.keep_begin * factor; v < y.keep_end * factor; ++v) {
      const int64_t source = (c * from.dim(2) + v - y.begin * factor) * columns;
      std::copy_n(from.data.begin() + source + (x.keep_begin - x.begin) * factor,
                  (x.keep_end - x.keep_begin) * factor,
                  to.data.begin() + (c * rows + v) * row + x.keep_begin * factor);
    }
}

}  // namespace

struct Upscaler::Impl {
  Impl(Runtime& r, UpscalerFile f, UpscalerLimits l)
      : runtime(r.impl()), file(std::move(f)), limits(l) {
    const auto mapped = MappedFile::open(file.path);
    sha256 = sha256_hex(mapped->bytes());
  }

  bool is_split() const { return file.config.kind == UpscalerConfig::Kind::Rrdb; }

  // The networks compiled last: pictures of one size follow each other without compiling again.
  struct Compiled {
    int height = 0, width = 0;
    std::unique_ptr<Network> network;
  } body, head;

  using Describe = std::shared_ptr<ov::Model> (*)(const nn::Weights&, const UpscalerConfig&,
                                                  int64_t, int64_t);

  Network& compiled(Compiled& last, const char* name, Describe describe, int height, int width,
                    const Progress& progress) {
    if (last.network && last.height == height && last.width == width) return *last.network;
    last = {};  // its buffers go before the next one's come
    const NetworkKey key{.network = name,
                         .weights_id = sha256,
                         .shape = std::to_string(height) + "x" + std::to_string(width),
                         .file = main_file(file.tensors)};
    auto done = runtime.compile(
        key,
        [&] {
          return describe(nn::Weights(file.tensors, file.path.filename().string()), file.config,
                          height, width);
        },
        progress);
    last = {height, width, std::move(done.network)};
    return *last.network;
  }

  Network& body_for(const Cutting& cutting, const Progress& progress) {
    return compiled(body, is_split() ? "upscaler body" : "upscaler",
                    is_split() ? models::upscaler_body : models::upscaler, cutting.y.length,
                    cutting.x.length, progress);
  }

  // features of one piece -> enlarged [1,3,…].
  Tensor run_head(const Tensor& features, const std::vector<Cut>& rows,
                  const std::vector<Cut>& columns, const Progress& progress,
                  const std::function<void()>& one_done) {
    const int factor = 1 << file.config.doublings;
    Tensor enlarged({1, 3, features.dim(2) * factor, features.dim(3) * factor});
    Network& network =
        compiled(head, "upscaler head", models::upscaler_head, rows[0].end - rows[0].begin,
                 columns[0].end - columns[0].begin, progress);
    for (const Cut& y : rows)
      for (const Cut& x : columns) {
        copy_in(features, network.input("features"), x, y);
        network.run(progress);
        copy_out(network.output("enlarged"), enlarged, x, y, factor);
        one_done();
      }
    return enlarged;
  }

  Image enlarge(const Image& picture, const Progress& progress) {
    const auto start = std::chrono::steady_clock::now();
    const UpscalerConfig& config = file.config;
    const Cutting cutting = cutting_of(config, limits, picture.width, picture.height);
    const std::vector<Cut> rows = cut_axis(cutting.y.length / config.unshuffle, limits.head_tile_px,
                                           models::kUpscalerHeadMargin_px);
    const std::vector<Cut> columns = cut_axis(cutting.x.length / config.unshuffle,
                                              limits.head_tile_px, models::kUpscalerHeadMargin_px);
    const size_t heads = is_split() ? rows.size() * columns.size() : 0;
    const int total =
        static_cast<int>(cutting.x.begins.size() * cutting.y.begins.size() * (1 + heads));
    int done = 0;
    const auto one_done = [&] {
      const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
      progress.at("enlarge", ++done, total, passed.count());
    };

    const auto weights = [&](const Pieces& pieces, size_t i) {
      const int s = config.scale, length = pieces.length;
      const int before = i == 0 ? 0 : pieces.begins[i - 1] + length - pieces.begins[i];
      const int after =
          i + 1 == pieces.begins.size() ? 0 : pieces.begins[i] + length - pieces.begins[i + 1];
      return piece_weights(length * s, before * s, after * s, kRamp_px * s);
    };

    Network& network = body_for(cutting, progress);
    progress.at("enlarge", 0, total);
    PieceCanvas canvas(picture.width * config.scale, picture.height * config.scale,
                       cutting.y.length * config.scale);
    for (size_t i = 0; i < cutting.y.begins.size(); ++i)
      for (size_t j = 0; j < cutting.x.begins.size(); ++j) {
        const int top = cutting.y.begins[i], left = cutting.x.begins[j];
        fill_planes(network.input("picture"), picture, {left, left + cutting.x.length, 0, 0},
                    {top, top + cutting.y.length, 0, 0});
        network.run(progress);
        one_done();
        const Tensor enlarged =
            is_split() ? run_head(network.output("features"), rows, columns, progress, one_done)
                       : network.output("enlarged");
        canvas.add(enlarged.data, left * config.scale, top * config.scale, weights(cutting.x, j),
                   weights(cutting.y, i));
      }
    return std::move(canvas).finish();
  }

  Runtime::Impl& runtime;
  UpscalerFile file;
  UpscalerLimits limits;
  std::string sha256;
};

Upscaler::Upscaler(Runtime& runtime, UpscalerFile file, UpscalerLimits limits)
    : impl_(std::make_unique<Impl>(runtime, std::move(file), limits)) {}

Upscaler::~Upscaler() = default;

const UpscalerConfig& Upscaler::config() const { return impl_->file.config; }
const std::string& Upscaler::name() const { return impl_->file.name; }
const std::string& Upscaler::sha256() const { return impl_->sha256; }

Image Upscaler::enlarge(const Image& picture, const Progress& progress) {
  if (picture.channels != 3 || picture.empty())
    throw Error(ErrorKind::Internal, "the picture has " + std::to_string(picture.channels) +
                                         " channels, upscaling networks take RGB");
  return impl_->enlarge(picture, progress);
}

uint64_t Upscaler::memory_bytes(const UpscalerConfig& config, int width, int height,
                                const UpscalerLimits& limits) {
  constexpr uint64_t kFloat = sizeof(float);
  constexpr uint64_t kRuntime = uint64_t{250} << 20;  // OpenVINO itself, and the weights
  const Cutting cutting = cutting_of(config, limits, width, height);
  const auto x = static_cast<uint64_t>(cutting.x.length),
             y = static_cast<uint64_t>(cutting.y.length);
  const auto features = static_cast<uint64_t>(config.features);
  const auto scale = static_cast<uint64_t>(config.scale);
  const uint64_t enlarged = x * y * scale * scale * 3 * kFloat * 2;
  const uint64_t band = static_cast<uint64_t>(width) * y * scale * scale * 3 * kFloat;
  if (config.kind == UpscalerConfig::Kind::Compact)
    return kRuntime + enlarged + band + x * y * 3 * features * kFloat;
  const auto cells = x * y / static_cast<uint64_t>(config.unshuffle * config.unshuffle);
  const auto dense = features + 4 * static_cast<uint64_t>(config.growth);
  const auto patch = static_cast<uint64_t>(limits.head_tile_px);
  const uint64_t head = std::min(patch * patch, cells) << (2 * config.doublings);
  return kRuntime + enlarged + band + cells * (2 * dense + 4 * features) * kFloat +
         head * 3 * features * kFloat;
}

}  // namespace pentimento
