// One picture out of two to five: what they share in content and manner. Three ways:
//   ImagePrompt  an IP-Adapter (https://arxiv.org/abs/2308.06721) reads the pictures as prompts;
//   Latents      no special weights: the pictures' latents, blended on the sphere, are the start;
//   Style        no special weights: the first picture painted in the manner of the second.
// Limitations: the weight-free ways blend what is in the same place, not what is meant.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pipelines/clip_features.h"
#include "pipelines/img2img.h"
#include "runtime/ip_adapter.h"
#include "runtime/stylizer.h"

namespace pentimento {

enum class BlendMethod { ImagePrompt, Latents, Style };
// Merge: one image prompt, the weighted average of what CLIP saw. Mix: the tokens of all pictures
// side by side, each with its weight.
enum class BlendMode { Merge, Mix };
// Which of the network's attentions read the image prompt.
enum class BlendFocus { Everything, Style, Layout };

// Plain data: what the user asked, complete.
struct BlendRequest {
  Img2ImgRequest image;  // prompt, size, seed …; strength counts where there is a start
  BlendMethod method = BlendMethod::ImagePrompt;
  std::vector<double> weights;  // one a picture, >= 0, not all 0; empty: all alike
  BlendMode mode = BlendMode::Merge;
  BlendFocus focus = BlendFocus::Everything;
  double scale = 1;  // 0..2, of the image prompt against the text
  PictureFit fit = PictureFit::Crop;
  // ImagePrompt: the picture (from 0) that the run starts from at `image.strength`; -1: none.
  int start_from = -1;
};

const char* to_string(BlendMethod method);  // "image-prompt", "latents", "style"
const char* to_string(BlendMode mode);      // "merge", "mix"
const char* to_string(BlendFocus focus);    // "everything", "style", "layout"
const char* to_string(PictureFit fit);      // "crop", "pad", "squash"

// Every problem, one line each; empty when it can run.
std::vector<std::string> problems_of(const BlendRequest& request, size_t pictures);

// Weights of the pictures: their share, summing to 1.
std::vector<double> shares_of(const BlendRequest& request, size_t pictures);

// The weight of each attention in the adapter's order: SD 1.5's blocks for style and layout as
// ComfyUI_IPAdapter_plus has them, SDXL's as InstantStyle (https://arxiv.org/abs/2404.02733).
// Throws Unsupported for a focus on a model of another build.
std::vector<float> attention_weights(const std::vector<PromptAttention>& attentions, Family family,
                                     BlendFocus focus, double scale);

// What a blend needs beside the model, by method; unused ones may be null.
struct BlendTools {
  IpAdapter* adapter = nullptr;         // ImagePrompt
  Clip* clip = nullptr;                 // ImagePrompt: the image encoder the adapter was made with
  Stylizer* stylizer = nullptr;         // Style
  std::string adapter_name, clip_name;  // "file [10 digits of its hash]", for the infotext
};

// The image prompts of both branches of guidance, keys and values computed once.
ImagePrompt make_image_prompt(const BlendTools& tools, Family family, const BlendRequest& request,
                              std::span<const InputImage> pictures, const Progress& progress);

// The picture that the run starts from, at that size; empty where it starts from noise.
Image blend_start(LoadedModel& model, const BlendTools& tools, const BlendRequest& request,
                  std::span<const InputImage> pictures, int width, int height,
                  const Progress& progress);

// Throws as plan_img2img does, and InvalidArgument with the problems of the blend.
Img2ImgPlan plan_blend(const LoadedModel& model, const BlendRequest& request,
                       std::span<const InputImage> pictures, uint64_t random_seed,
                       const Timings* timings);

std::vector<Img2ImgPicture> run_blend(LoadedModel& model, const BlendTools& tools,
                                      const BlendRequest& request, const Img2ImgPlan& plan,
                                      std::span<const InputImage> pictures,
                                      const Img2ImgOptions& options, const Progress& progress);

}  // namespace pentimento
