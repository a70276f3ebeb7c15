// Outpainting: a picture grows beyond its borders. One side after another (left, right, top,
// bottom), in several passes when a side is longer than what the model sees at once; each pass
// fills the new strip with colours of the border, inpaints it with an overlap into what is known,
// matches the tone there and lays it on with a feather.
//
// Original pixels farther from the new part than `overlap_px` are the input's, bit for bit; with
// feather_px 0 all of them are.
// Limitations: a window as tall (or wide) as the picture is painted at most at the model's native
// area, so strips beside a large picture are softer than the picture, unless the model keeps what
// the picture's own pieces (Patches) put there.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipelines/img2img.h"
#include "pipelines/inpaint.h"

namespace pentimento {

// How far a side grows: pixels, or percent of the picture's width (left, right) or height.
struct Extent {
  double amount = 0;
  bool percent = false;
};
// "128", "128px" or "25%". Throws InvalidArgument.
Extent parse_extent(std::string_view text);
std::string to_string(const Extent& extent);

enum class OutpaintFill {
  Edge,     // the border's own row of pixels, drawn out
  Blur,     // the same, smoothed ever more with the distance
  Mirror,   // the picture reflected, with noise as strong as its own detail
  Noise,    // noise with its spectrum and its colours, as in "Outpainting mk2"; for high strengths
  Patches,  // pieces of the picture itself (PatchMatch): textures and lines run on
};

struct OutpaintRequest {
  Img2ImgRequest base;  // width and height 0: what the passes are painted at follows from the model
  Extent left, right, top, bottom;
  double aspect = 0;  // width / height the result should have at least; 0: as the sides say. Grows
                      // the shorter direction, equally on both sides
  OutpaintFill fill = OutpaintFill::Patches;
  double noise_detail = 1;     // 0..4, of Noise: the lower, the more details
  double noise_colour = 0.05;  // 0..1, of Noise: how much it varies in colour
  int overlap_px = 32;         // 16..256: how far the model repaints into what is known
  int feather_px = 16;         // 0..overlap_px: how much of that is mixed into the result
  bool match_tone = true;

  OutpaintRequest() { base.strength = 0.8; }
};

std::vector<std::string> problems_of(const OutpaintRequest& request);
void validate(const OutpaintRequest& request);

enum class Side { Left, Right, Top, Bottom };

// One window of the canvas that is painted at once.
struct OutpaintPass {
  Side side = Side::Left;
  Region known;               // of the canvas, before this pass
  Region fresh;               // what this pass adds
  Region window;              // what the model sees
  int width = 0, height = 0;  // that the window is painted at
};

struct OutpaintPlan {
  Img2ImgPlan img2img;  // of one pass; seeds are the first pass's
  int result_width = 0, result_height = 0;
  bool shows_fill = false;  // the model is shown what Patches put there, and keeps it
  Region original;          // where the picture lies in the result
  std::vector<OutpaintPass> passes;
  std::optional<double> seconds;  // of all passes

  // "grows 512x512 to 912x512 in 2 passes, strength 0.90: runs 18 of 20 steps at 512x512, …"
  std::string describe() const;
};

// Throws InvalidArgument when nothing would grow or the result is over 8192 px on a side, and what
// plan_img2img throws.
OutpaintPlan plan_outpaint(const LoadedModel& model, const OutpaintRequest& request,
                           const InputImage& picture, uint64_t random_seed, const Timings* timings);

std::vector<Img2ImgPicture> run_outpaint(LoadedModel& model, const OutpaintRequest& request,
                                         const OutpaintPlan& plan, const InputImage& picture,
                                         const Img2ImgOptions& options, const Progress& progress);

// The parts of it, which need no model.

// One pass, made ready for whoever paints it.
struct OutpaintStep {
  size_t index = 0;
  const OutpaintPass& pass;
  const InputImage& picture;  // the window at the size painted at, the fresh part filled
  const RepaintMask& mask;    // of that size: the fresh part and the overlap
  uint64_t seed = 0;          // another one in every pass, or the new parts would repeat
};
using OutpaintPainter = std::function<Image(const OutpaintStep& step)>;

// All passes, with any painter in place of the model.
Image outpaint_with(const OutpaintRequest& request, const OutpaintPlan& plan,
                    const InputImage& picture, uint64_t seed, const OutpaintPainter& paint);

// Fills canvas.fresh from canvas.known. `seed`: of the noise that Mirror and Noise are made with.
void fill_fresh(Image& canvas, const OutpaintPass& pass, const OutpaintRequest& request,
                uint64_t seed);
// At the canvas' size: what the model may repaint, and how much of that is laid on.
Image repaint_mask_of(const OutpaintRequest& request, const OutpaintPlan& plan,
                      const OutpaintPass& pass);
Image paste_mask_of(const OutpaintRequest& request, const OutpaintPlan& plan,
                    const OutpaintPass& pass);

}  // namespace pentimento
