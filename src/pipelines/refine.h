// A large picture painted over in tiles at low strength: AUTOMATIC1111's "SD upscale" without the
// enlarging (webui-spec §3.3). Every tile is image to image at the model's own size, with a seed of
// its own; neighbours overlap and are blended by A1111's linear ramp.
// Limitations: a tile sees nothing of the others; above a strength of about 0.35 each begins to
// paint the whole prompt.
#pragma once

#include <string>
#include <vector>

#include "image/composite.h"
#include "pipelines/img2img.h"

namespace pentimento {

struct RefineRequest {
  Img2ImgRequest image;  // prompt, strength, steps, seed …; width and height are those of a tile,
                         // 0: the model's native size. Tile k of the picture uses seed + k.
  int overlap_px = 64;   // of neighbours, 8..256
  bool match_colours = true;  // give each tile back the mean and spread of its colours
};

// Every problem, one line each; empty when it can run. Needs no model.
std::vector<std::string> problems_of(const RefineRequest& request);

struct RefinePlan {
  int width = 0, height = 0;                // of the picture
  int padded_width = 0, padded_height = 0;  // what is cut: edges repeated up to a tile's size
  std::vector<Region> tiles;                // row by row, all of one size
  int columns = 0;
  Img2ImgPlan tile;               // of each
  std::optional<double> seconds;  // for all of them

  // "refines 2048x1536 in 20 tiles of 512x512, strength 0.20: 5 of 20 steps each, about 8 min"
  std::string describe() const;
};

// Throws InvalidArgument with the problems, and what plan_img2img throws for a tile.
RefinePlan plan_refine(const LoadedModel& model, const RefineRequest& request, int width,
                       int height, uint64_t random_seed, const Timings* timings);

// `picture`: RGB or grey of the plan's size; `name` and `sha256` are those of the file it came
// from. Reports the stage "refine", counting network evaluations. Returns a picture of the same
// size whose infotext is the first tile's with the whole size, "SD upscale overlap" and the
// picture's own hash.
Img2ImgPicture run_refine(LoadedModel& model, const RefineRequest& request, const RefinePlan& plan,
                          const InputImage& picture, const Img2ImgOptions& options,
                          const Progress& progress);

// A1111's split_grid and combine_grid, in pixels.
std::vector<Region> split_grid(int width, int height, int tile_width, int tile_height, int overlap);
Image combine_grid(const std::vector<Image>& parts, const std::vector<Region>& tiles, int columns,
                   int overlap);

}  // namespace pentimento
