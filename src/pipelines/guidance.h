// Classifier-free guidance (https://arxiv.org/abs/2207.12598) around the UNet's raw output:
//   e = e(uncond) + sum_k w_k * cfg * (e(cond_k) - e(uncond))
// and for instruct-pix2pix (https://arxiv.org/abs/2211.09800) the three-way form
//   e = e(none) + cfg * (e(text, image) - e(image)) + image_cfg * (e(image) - e(none)).
// x0 is affine in the output, so this equals A1111's guidance on x0.
// Branches whose prompt embedding has not changed reuse their prepared keys and values.
#pragma once

#include <map>
#include <memory>
#include <tuple>

#include "pipelines/conditioning.h"
#include "pipelines/control_stack.h"
#include "pipelines/steering.h"
#include "runtime/stable_diffusion.h"
#include "samplers/sampler.h"

namespace pentimento {

struct GuidanceOptions {
  double cfg = 7;          // 1 leaves the negative prompt out: half the work, the same picture
  double image_cfg = 1.5;  // edit models only
  float lcm_guidance = 0;  // what an LCM's time_cond_proj is told; 0 = none
  ImagePrompt image;       // of the positive prompts, and of everything else
  ControlStack* controls = nullptr;  // null or empty: nothing beside the UNet. Must outlive it
};

// Thread contract: one thread computes.
class Guidance {
 public:
  // concat: extra input channels of this model [1,Cc,h,w], or empty. Prompts must outlive it.
  Guidance(StableDiffusion& model, const EncodedPrompt& positive, const EncodedPrompt& negative,
           Tensor concat, GuidanceOptions options, const Shape& latent_shape, Progress progress);

  // How many prompt tokens each branch of the first evaluation has: for StableDiffusion::expect().
  static std::vector<int64_t> tokens_of_branches(const ModelConfig& model,
                                                 const EncodedPrompt& positive,
                                                 const EncodedPrompt& negative, double cfg);

  // The guided raw output (epsilon or v) for a scaled input at a training timestep. One call = one
  // step of the prompt's schedule.
  Vec predict(const Vec& input, double timestep);
  int calls() const { return call_; }
  void skip() { ++call_; }  // a call whose answer is known: the prompt's schedule goes on

 private:
  enum class Branch { Positive, Negative, NoImage };
  using Prepared = std::shared_ptr<const StableDiffusion::Prepared>;
  struct Place {
    Branch branch;
    size_t part;
  };
  // The branches of one evaluation, in order.
  static std::vector<Place> places(const ModelConfig& model, size_t parts, double cfg);
  const ConditionSchedule::Entry& entry(const Place& place) const;
  Prepared prepared(const Place& place);
  std::vector<Tensor> evaluate(const Tensor& x, double timestep);

  StableDiffusion& model_;
  const EncodedPrompt &positive_, &negative_;
  Tensor concat_;
  GuidanceOptions options_;
  Shape shape_;
  Progress progress_;
  int call_ = 0;
  std::map<std::tuple<Branch, size_t, const void*>, Prepared> ready_;
};

}  // namespace pentimento
