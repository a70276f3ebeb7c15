// The painting-style job: a photograph, one or more styles (or any picture as the style), and how
// far to go. Needs no Stable Diffusion model.
// Limitations: the networks know 256..1024 px best; on larger pictures the strokes look finer,
// which is why max_size_px reduces them first unless told not to.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/progress.h"
#include "image/image.h"
#include "runtime/stylizer.h"

namespace pentimento {

// Plain data: what the user asked, complete.
struct StylizeRequest {
  std::vector<StyleShare> styles;    // weights > 0, normalised to sum 1; empty with a style_image
  std::optional<Image> style_image;  // any picture as the style, instead of `styles`
  double strength = 1;               // 0..1, share of the painting; 0 returns the photo unchanged
  bool keep_colour = false;          // the painting's brightness, the photo's own colours
  int max_size_px = 2048;            // the longer side is reduced to this first; 0: never
};

// A style by its key, number, or English or Chinese name; case, spaces and underscores do not
// matter. Throws InvalidArgument naming the nearest key.
const PaintingStyle& find_style(const std::string& text);

// "starry-night", "3:0.5,12:0.5", "ember:2,quiet-dusk": styles as find_style takes them, a weight
// each (1 when left out). Throws InvalidArgument naming what is wrong.
std::vector<StyleShare> parse_styles(const std::string& text);

// "starry-night", "starry-night:0.75,ember:0.25": the blend as parse_styles reads it back.
std::string describe_styles(const std::vector<StyleShare>& styles);

// Every problem, one line each; empty when it can run.
std::vector<std::string> problems_of(const StylizeRequest& request);

// Width and height of the result for a photo of that size.
std::pair<int, int> stylized_size(const StylizeRequest& request, int width, int height);

// Grey, RGB or RGBA in; RGB out, or RGBA with the photo's own alpha. Strength 0 returns the photo
// itself (reduced if max_size_px says so). Throws InvalidArgument with the problems; reports the
// stage "paint", counting tiles. Thread contract: the stylizer's.
Image stylize(Stylizer& stylizer, const StylizeRequest& request, const Image& photo,
              const Progress& progress);

}  // namespace pentimento
