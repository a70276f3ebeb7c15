// Classifier-free guidance (https://arxiv.org/abs/2207.12598) around the UNet, on estimates of x0:
//   x0 = x0(uncond) + sum_k w_k * cfg * (x0(cond_k) - x0(uncond))
// and for instruct-pix2pix (https://arxiv.org/abs/2211.09800) the three-way form
//   x0 = x0(none) + cfg * (x0(text, image) - x0(image)) + image_cfg * (x0(image) - x0(none)).
// Branches whose prompt embedding has not changed reuse their prepared keys and values.
#pragma once

#include <map>
#include <memory>
#include <tuple>

#include "pipelines/conditioning.h"
#include "runtime/stable_diffusion.h"
#include "samplers/sampler.h"
#include "samplers/schedule.h"

namespace pentimento {

struct GuidanceOptions {
  double cfg = 7;          // 1 leaves the negative prompt out: half the work, the same picture
  double image_cfg = 1.5;  // edit models only
  float lcm_guidance = 0;  // what an LCM's time_cond_proj is told; 0 = none
};

// Thread contract: one thread computes.
class Guidance {
 public:
  // concat: extra input channels of this model [1,Cc,h,w], or empty. Prompts must outlive it.
  Guidance(StableDiffusion& model, const NoiseTable& table, const EncodedPrompt& positive,
           const EncodedPrompt& negative, Tensor concat, GuidanceOptions options,
           const Shape& latent_shape, Progress progress);

  // The guided estimate of x0 at noise level sigma. One call = one step of the prompt's schedule.
  Vec denoise(const Vec& x, double sigma);
  int calls() const { return call_; }

 private:
  enum class Branch { Positive, Negative, NoImage };
  using Prepared = std::shared_ptr<const StableDiffusion::Prepared>;
  Prepared prepared(Branch branch, size_t part);

  StableDiffusion& model_;
  const NoiseTable& table_;
  const EncodedPrompt &positive_, &negative_;
  Tensor concat_;
  GuidanceOptions options_;
  Shape shape_;
  Progress progress_;
  int call_ = 0;
  std::map<std::tuple<Branch, size_t, const void*>, Prepared> ready_;
};

}  // namespace pentimento
