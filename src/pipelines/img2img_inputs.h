// What image to image starts from. A job that prepares a picture of its own (inpaint, outpaint, a
// tile of an upscale) fills this in and calls run_img2img; it never copies the run.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/tensor.h"
#include "image/image.h"
#include "image/mask.h"
#include "pipelines/img2img_request.h"
#include "pipelines/steering.h"
#include "samplers/latent_mask.h"

namespace pentimento {

// What lies under the mask in the latent before anything is painted: A1111's "masked content" as
// far as it is done in the latent. Filling in pixels is done to the picture beforehand.
enum class LatentContent { Picture, Noise, Nothing };

// Where the picture may change. Masks have one channel and the plan's size; 255 = repaint.
struct RepaintMask {
  Image repaint;             // what the sampler is free to change
  Image hidden;              // what models that look at the picture must invent; empty: `repaint`
  double hidden_weight = 1;  // 0..1, A1111's "conditional mask weight": 0 shows them everything
  MaskRounding rounding = MaskRounding::Round;
  LatentContent content = LatentContent::Picture;
  MaskRule rule = MaskRule::Blend;
  SoftBlend soft;
};

struct FinishedLatents {
  const Tensor& latent;       // [1,C,h,w] after the run
  const Tensor& init_latent;  // what it began with, before noise; empty for text to image
};

struct Img2ImgInputs {
  const InputImage* picture = nullptr;  // null: text to image
  const Tensor* latent = nullptr;       // of the picture, when it is known: it is not encoded then
  const RepaintMask* mask = nullptr;    // null: everything is repainted. Needs a picture
  std::optional<PartOfPicture> part;    // what `picture` is of a larger one; none: all of it
  // The decoded picture made into the job's own result (pasted back into the whole, …), before it
  // is hashed and handed on. May be empty.
  std::function<Image(Image, const FinishedLatents&)> finish;
  // More facts for the result's infotext, in order.
  std::vector<std::pair<std::string, std::string>> facts;
};

}  // namespace pentimento
