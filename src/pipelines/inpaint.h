// Inpainting: a masked part of a picture is painted anew and laid back into the untouched rest
// (AUTOMATIC1111's rules, webui-spec §2, and a few that people build by hand).
//
//   mask -> (invert, grow, feather, blur) -> region -> picture of the region, filled under the mask
//        -> run_img2img with the mask -> tone matched on the ring -> pasted into the original
//
// Where the pasted mask is 0 the result is the input, bit for bit. Left to itself (width and height
// 0) the result has the input's size and only the size it is painted at is chosen; with a width or
// height the whole picture is brought to that size first, as A1111 does.
// Limitations: one mask for all pictures of a batch; masked content beyond `blur` needs no other
// model (no LaMa or MAT).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "image/composite.h"
#include "pipelines/img2img.h"

namespace pentimento {

// What lies under the mask before anything is painted.
enum class MaskedContent {
  Fill,      // colours carried in from around, A1111's way
  Original,  // the picture itself
  Noise,     // "latent noise"
  Nothing,   // "latent nothing": zeros
  Blur,      // colours carried in by Fooocus' cascade of box blurs: smoother
  Patches,   // pieces of the picture itself (PatchMatch), for removing things
  Grey,      // the picture without its colours, for giving it others
  Dye,  // the picture in the colour that the prompt names (image/dye.h); Grey where it names none
};

// What somebody wants with the mask, in one word. It is only a choice of settings:
// inpaint_preset() has them.
enum class InpaintIntent { None, Retouch, Recolour, Replace, Remove, Add, Background };

// A1111's "Soft inpainting" (webui-spec §2.9).
struct SoftInpainting {
  bool enabled = false;
  SoftBlend blend;
  double mask_influence = 0;          // 0..1
  double difference_threshold = 0.5;  // 0..8
  double difference_contrast = 2;     // 0..8
};

struct InpaintRequest {
  Img2ImgRequest base;  // prompt, strength, steps, size painted at, …
  InpaintIntent intent = InpaintIntent::None;
  bool mask_invert = false;                        // black is repainted
  int mask_grow_px = 0;                            // -512..512; below 0 shrinks
  int mask_feather_px = 0;                         // 0..512, a ramp outwards
  double mask_blur = 4;                            // 0..64, sigma in pixels
  std::optional<double> mask_blur_x, mask_blur_y;  // one direction only; `mask_blur` when absent
  MaskedContent masked_content = MaskedContent::Original;
  bool only_masked = false;            // paint only the region around the mask
  int only_masked_padding = 32;        // 0..1024 pixels of surroundings that the model sees
  double conditional_mask_weight = 1;  // 0..1, for models that look at the picture
  bool differential = false;           // greys of the mask are strengths, pixel by pixel
  bool match_tone = false;             // take out the shift of colour, measured on the ring around
  bool keep_size = false;  // whole picture: the result has the input's size although a width or
                           // height to paint at is given
  bool overlay = true;     // lay the original back over what was kept
  SoftInpainting soft;
};

// The settings of an intent, the rest as they come.
InpaintRequest inpaint_preset(InpaintIntent intent);

// As problems_of(Img2ImgRequest).
std::vector<std::string> problems_of(const InpaintRequest& request);
void validate(const InpaintRequest& request);

// The request resolved against a model, a picture and a mask.
struct InpaintPlan {
  Img2ImgPlan img2img;
  Image mask;                    // at the picture's size: inverted, grown, feathered, blurred
  Image paste;                   // at the result's size: how much of what was painted is laid over
  std::optional<Region> region;  // of the picture that is painted; none: all of it
  std::optional<std::array<uint8_t, 3>> dye;  // Dye: the colour that the prompt names
  bool shows_fill = false;  // the model is shown what Patches or Dye put there, and keeps it:
                            // its change is laid on at the picture's own size
  bool keeps_size = true;   // the result has the picture's size
  int result_width = 0, result_height = 0;
  ResizeMode resize_mode = ResizeMode::Stretch;  // of the whole picture to the size painted at
  double share = 0;                              // 0..1, of the picture that is repainted
  std::vector<std::string> notes;  // what the user should know: "the mask was 512x512, …"

  // "repaints 10 % of the picture; only 307x307 of 768x768, strength 0.75: runs 16 of 20 steps at
  // 384x384, about 50 s", then the notes, a line each.
  std::string describe() const;
};

// `mask`: any picture; its alpha channel if it is not opaque throughout, else its luminance.
// Throws InvalidArgument for an empty mask, and what plan_img2img throws.
InpaintPlan plan_inpaint(const LoadedModel& model, const InpaintRequest& request,
                         const InputImage& picture, const InputImage& mask, uint64_t random_seed,
                         const Timings* timings);

// For a model that is shown what stands in the place (InpaintPlan::shows_fill) and told nothing: it
// touches that up, at a strength of 0.3 at most, instead of inventing something.
Img2ImgRequest only_touched_up(Img2ImgRequest base);

// What run_img2img is asked for: the request's base, only touched up where what the model is shown
// is finished by itself: pieces of the picture and no prompt, or a dyed thing.
Img2ImgRequest painted_request(const InpaintRequest& request, const InpaintPlan& plan);

// The mask of a plan as run_img2img takes it.
RepaintMask repaint_mask_of(const InpaintRequest& request, const InpaintPlan& plan);

std::vector<Img2ImgPicture> run_inpaint(LoadedModel& model, const InpaintRequest& request,
                                        const InpaintPlan& plan, const InputImage& picture,
                                        const InputImage& mask, const Img2ImgOptions& options,
                                        const Progress& progress);

}  // namespace pentimento
