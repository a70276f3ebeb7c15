// One resident ControlNet beside a Stable Diffusion model.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/stable_diffusion.h"
#include "weights/controlnet_file.h"

namespace pentimento {

// Thread contract: one thread computes; cancel() of the Progress token ends the running inference.
class ControlNet {
 public:
  // `weights_id` names the weights in the compile cache (SHA-256). Throws InvalidArgument naming
  // both families when it was trained beside another kind of model than `model`.
  static std::unique_ptr<ControlNet> load(Runtime& runtime, ControlNetFile file,
                                          std::string weights_id, const ModelConfig& model);
  virtual ~ControlNet() = default;

  // Averages what it finds over the picture, and keeps it from the negative prompt ("shuffle").
  virtual bool global_pool() const = 0;

  // The control picture [1,3,H,W], values 0..1, H and W multiples of 8, made ready once a run:
  // [1,C,H/8,W/8].
  virtual Tensor hint(const Tensor& picture, const Progress& progress) = 0;

  // A condition made ready once; `concat` and `image` of it do not matter here.
  virtual std::shared_ptr<const StableDiffusion::Prepared> prepare(const UnetCondition& condition,
                                                                   const Progress& progress) = 0;

  // What it finds for x [1,C,h,w] and timestep, which are those of StableDiffusion::predict, for
  // each condition.
  virtual std::vector<Residuals> evaluate(
      const Tensor& x, double timestep, const Tensor& hint,
      std::span<const std::shared_ptr<const StableDiffusion::Prepared>> conditions,
      const Progress& progress) = 0;

  // Bytes it needs beside the model for a picture of that size, weights included (estimate).
  virtual uint64_t estimate_bytes(int width_px, int height_px) const = 0;

  virtual std::vector<CompileRecord> compile_records() const = 0;
};

}  // namespace pentimento
