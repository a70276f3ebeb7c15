#include "pipelines/refine.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "base/error.h"
#include "base/sha256.h"
#include "image/color.h"
#include "samplers/run_memory.h"

namespace pentimento {
namespace {

constexpr int kLatentPixel_px = 8;
constexpr int kLeastTile_px = 16;  // that image to image takes
constexpr int kLeastOverlap_px = 8, kMostOverlap_px = 256;

int round_up(int value, int step) { return (value + step - 1) / step * step; }

// The picture with its last column and row repeated.
Image padded(const Image& image, int width, int height) {
  if (image.width == width && image.height == height) return image;
  Image result(width, height, image.channels);
  const auto step = static_cast<size_t>(image.channels);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      std::copy_n(image.at(std::min(x, image.width - 1), std::min(y, image.height - 1)), step,
                  result.at(x, y));
  return result;
}

// 0 … 254 over the overlap, as A1111 truncates it.
Image ramp(int width, int height, bool across) {
  Image mask(width, height, 1);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      *mask.at(x, y) = static_cast<uint8_t>((across ? x * 255 / width : y * 255 / height));
  return mask;
}

Image part(const Image& image, int left, int top, int right, int bottom) {
  return crop(image, {left, top, right, bottom});
}

// A tile's own steps as part of all of them; its other stages stay silent.
Progress of_tile(const Progress& outer, int tile, int calls, int total,
                 std::chrono::steady_clock::time_point start) {
  Progress inner;
  inner.cancel = outer.cancel;
  inner.report = [&outer, tile, calls, total, start](const ProgressEvent& event) {
    if (event.stage == "compile" || event.stage == "load") outer.report(event);
    if (event.stage != "denoise") return;
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    outer.report({"refine", tile * calls + std::min(event.done, calls), total, passed.count()});
  };
  return inner;
}

void replace(Infotext& info, const char* key, const std::string& value) {
  if (info.get(key)) info.set(key, value);
}

}  // namespace

std::vector<Region> split_grid(int width, int height, int tile_width, int tile_height,
                               int overlap) {
  const auto starts = [overlap](int length, int tile) {
    const int step = std::max(1, tile - overlap);
    const int count = std::max(1, (length - overlap + step - 1) / step);
    std::vector<int> at;
    for (int i = 0; i < count; ++i) {
      const double even = count > 1 ? static_cast<double>(length - tile) / (count - 1) : 0;
      at.push_back(std::min(static_cast<int>(i * even), std::max(0, length - tile)));
    }
    return at;
  };
  std::vector<Region> tiles;
  for (const int y : starts(height, tile_height))
    for (const int x : starts(width, tile_width))
      tiles.push_back({x, y, x + tile_width, y + tile_height});
  return tiles;
}

Image combine_grid(const std::vector<Image>& parts, const std::vector<Region>& tiles, int columns,
                   int overlap) {
  const int tile_width = tiles[0].width(), tile_height = tiles[0].height();
  Image whole(tiles.back().right, tiles.back().bottom, parts[0].channels);
  const Image across = ramp(overlap, tile_height, true);
  const Image down = ramp(whole.width, overlap, false);
  const auto in_row = static_cast<size_t>(columns);
  for (size_t first = 0; first < parts.size(); first += in_row) {
    Image row(whole.width, tile_height, whole.channels);
    for (size_t i = first; i < first + in_row; ++i) {
      const int x = tiles[i].left;
      if (i == first) {
        paste(row, parts[i], 0, 0);
        continue;
      }
      paste(row, part(parts[i], 0, 0, overlap, tile_height), x, 0, across);
      paste(row, part(parts[i], overlap, 0, tile_width, tile_height), x + overlap, 0);
    }
    const int y = tiles[first].top;
    if (first == 0) {
      paste(whole, row, 0, 0);
      continue;
    }
    paste(whole, part(row, 0, 0, whole.width, overlap), 0, y, down);
    paste(whole, part(row, 0, overlap, whole.width, tile_height), 0, y + overlap);
  }
  return whole;
}

std::vector<std::string> problems_of(const RefineRequest& request) {
  std::vector<std::string> problems = problems_of(request.image);
  if (request.overlap_px < kLeastOverlap_px || request.overlap_px > kMostOverlap_px)
    problems.push_back("overlap: " + std::to_string(request.overlap_px) + ", expected " +
                       std::to_string(kLeastOverlap_px) + " to " + std::to_string(kMostOverlap_px));
  for (const int side : {request.image.width, request.image.height})
    if (side != 0 && side < 2 * request.overlap_px)
      problems.push_back("tile: " + std::to_string(side) + " pixels, expected at least twice the " +
                         "overlap of " + std::to_string(request.overlap_px));
  if (request.image.batch != 1)
    problems.push_back("batch: " + std::to_string(request.image.batch) +
                       ", expected 1; refine again with another seed");
  return problems;
}

std::string RefinePlan::describe() const {
  char text[200];
  std::snprintf(text, sizeof text,
                "refines %dx%d in %zu tiles of %dx%d, strength %.2f: %d of %d steps each", width,
                height, tiles.size(), tile.width, tile.height, tile.strength, tile.model_calls,
                tile.steps);
  std::string line = text;
  if (seconds) {
    std::snprintf(text, sizeof text, ", about %.0f s", *seconds);
    line += text;
  }
  return line;
}

RefinePlan plan_refine(const LoadedModel& model, const RefineRequest& request, int width,
                       int height, uint64_t random_seed, const Timings* timings) {
  std::string all;
  for (const std::string& problem : problems_of(request))
    all += (all.empty() ? "" : "; ") + problem;
  if (!all.empty()) throw Error(ErrorKind::InvalidArgument, all);
  const int native = model.config().native_size_px;
  const auto tile_side = [native](int asked, int length) {
    return std::min(round_up(asked > 0 ? asked : native, kLatentPixel_px),
                    std::max(kLeastTile_px, round_up(length, kLatentPixel_px)));
  };
  RefinePlan plan{.width = width, .height = height};
  Img2ImgRequest tile = request.image;
  tile.width = tile_side(request.image.width, width);
  tile.height = tile_side(request.image.height, height);
  plan.padded_width = std::max(width, tile.width);
  plan.padded_height = std::max(height, tile.height);
  plan.tiles = split_grid(plan.padded_width, plan.padded_height, tile.width, tile.height,
                          request.overlap_px);
  for (const Region& region : plan.tiles) plan.columns += region.top == 0;
  const InputImage sample{.image = Image(tile.width, tile.height, 3), .name = "", .sha256 = ""};
  plan.tile = plan_img2img(model, tile, &sample, random_seed, timings);
  if (plan.tile.seconds) plan.seconds = *plan.tile.seconds * static_cast<double>(plan.tiles.size());
  return plan;
}

Img2ImgPicture run_refine(LoadedModel& model, const RefineRequest& request, const RefinePlan& plan,
                          const InputImage& picture, const Img2ImgOptions& options,
                          const Progress& progress) {
  if (picture.image.width != plan.width || picture.image.height != plan.height)
    throw Error(ErrorKind::Internal, "the plan was made for a picture of another size");
  const auto start = std::chrono::steady_clock::now();
  const Image whole = padded(to_rgb(picture.image), plan.padded_width, plan.padded_height);
  const int calls = std::max(1, plan.tile.model_calls);
  const int total = calls * static_cast<int>(plan.tiles.size());

  Img2ImgRequest asked = request.image;
  asked.width = plan.tile.width;
  asked.height = plan.tile.height;
  Img2ImgOptions quiet = options;
  quiet.on_picture = nullptr;
  quiet.is_done = nullptr;
  std::optional<JoinedRuns> memory;  // the tiles ask in one row
  if (options.memory) memory.emplace(*options.memory);
  quiet.memory = memory ? &*memory : nullptr;
  Img2ImgPicture first;
  std::vector<Image> parts;
  for (size_t k = 0; k < plan.tiles.size(); ++k) {
    progress.at("refine", static_cast<int>(k) * calls, total);
    InputImage tile{
        .image = crop(whole, plan.tiles[k]), .name = picture.name, .sha256 = picture.sha256};
    Img2ImgPlan own = plan.tile;
    own.seeds[0] = (own.seeds[0] + k) & 0xffffffffu;
    // Control pictures show the whole; each tile looks at its own part of them.
    const Img2ImgInputs inputs{
        .picture = &tile,
        .part = PartOfPicture{plan.tiles[k], plan.padded_width, plan.padded_height}};
    Img2ImgPicture made = run_img2img(model, asked, own, inputs, quiet,
                                      of_tile(progress, static_cast<int>(k), calls, total, start))
                              .at(0);
    quiet.trace_dir.reset();
    const Image everywhere(tile.image.width, tile.image.height, 1, 255);
    parts.push_back(request.match_colours ? match_tone(made.image, tile.image, everywhere)
                                          : made.image);
    if (k == 0) first = std::move(made);
  }
  progress.at("refine", total, total);

  Image joined = combine_grid(parts, plan.tiles, plan.columns, request.overlap_px);
  Img2ImgPicture result{.image = crop(joined, {0, 0, plan.width, plan.height}),
                        .infotext = std::move(first.infotext),
                        .seed = plan.tile.seeds[0]};
  replace(result.infotext, "Size", std::to_string(plan.width) + "x" + std::to_string(plan.height));
  replace(result.infotext, "Pixels SHA-256",
          sha256_hex(std::as_bytes(std::span(result.image.pixels))));
  result.infotext.set("SD upscale overlap", std::to_string(request.overlap_px));
  if (!request.match_colours) result.infotext.set("SD upscale colours", "unmatched");
  result.infotext.set("Tile size",
                      std::to_string(plan.tile.width) + "x" + std::to_string(plan.tile.height));
  return result;
}

}  // namespace pentimento
