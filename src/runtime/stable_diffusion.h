// One resident Stable Diffusion model: its networks, compiled on demand for the shapes asked for.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/tensor.h"
#include "runtime/compile_record.h"
#include "runtime/runtime.h"
#include "weights/checkpoint.h"
#include "weights/lora_set.h"

namespace pentimento {

struct TextEncoding {
  Tensor hidden;  // [chunks,77,W], the layer that clip_skip selects, normed as the family has it
  Tensor pooled;  // [chunks,P]; empty when the encoder has no pooled output
};

// Learned vectors that stand in place of tokens: a textual inversion.
struct TokenVectors {
  int64_t position = 0;             // of the first, among all tokens
  const Tensor* vectors = nullptr;  // [n,W]
};

// Keys and values of an image prompt in every cross-attention of a model (IpAdapter::keys makes
// them), their weight within the values.
struct ImageKeys {
  int64_t tokens = 0;
  std::map<std::string, Tensor> values;  // "NAME.ip_k", "NAME.ip_v": [1,heads,tokens,d]
};

// What ControlNets add to one evaluation: [1,C,h,w] for each output of the UNet's way down, in
// order, and then of its middle.
using Residuals = std::vector<Tensor>;

// A cross-attention of the UNet: where prompts are read.
struct PromptAttention {
  std::string name;  // "down_blocks.0.attentions.0.transformer_blocks.0.attn2"
  int heads = 1;
};

// What the UNet sees beside the noisy latent, for one of the branches of guidance.
struct UnetCondition {
  Tensor context;  // [1,T,D] prompt embedding; empty: cross-attention passes its input on (CatVTON)
  Tensor added;    // [1,A] SDXL's pooled text + size sinusoids, else empty
  Tensor
      concat;  // [1,Cc,h,w] extra input channels (mask + masked latent, source latent), else empty
  // Models with time_cond_proj (LCM) take the guidance scale as an input: w = cfg - 1. Others
  // ignore it.
  float guidance_embedding = 0;
  std::shared_ptr<const ImageKeys> image = nullptr;  // of this model; null without an image prompt
};

// Thread contract: one thread computes; cancel() of the Progress token ends the running inference.
class StableDiffusion {
 public:
  // `weights_id` names the weights in the compile cache (SHA-256).
  static std::unique_ptr<StableDiffusion> load(Runtime& runtime, Checkpoint checkpoint,
                                               std::string weights_id,
                                               std::optional<VaeFile> vae = {});
  virtual ~StableDiffusion() = default;

  virtual const ModelConfig& config() const = 0;

  // From now on computes with exactly these LoRAs merged into the weights, in their order. Merging
  // happens while a network is built, in f32, so a step costs nothing extra; networks of other sets
  // stay while there is room, and the checkpoint is not read again. `model` names it in messages.
  // Throws InvalidArgument when a LoRA is for another family or fits nowhere; the set before stays.
  virtual std::vector<LoraReport> use_loras(const std::vector<LoraUse>& loras,
                                            const std::string& model) = 0;

  // tokens: [chunks * 77] of text encoder `index`. clip_skip 1 = last layer (A1111's counting);
  // families that ignore it (SD2, SDXL) ignore it.
  // `vectors` replace the embeddings of the tokens at their places.
  virtual TextEncoding encode_text(size_t index, std::span<const int64_t> tokens, int clip_skip,
                                   const Progress& progress,
                                   std::span<const TokenVectors> vectors = {}) = 0;

  // Says what predict() will be asked for: so many conditions, with that many tokens each, at that
  // size in latent pixels. Its network is then compiled while the next picture is encoded, where
  // memory allows. A wrong guess costs time and nothing else.
  virtual void expect(std::span<const int64_t> tokens, int height, int width) = 0;

  // A condition made ready once: cross-attention keys and values, added embeddings.
  class Prepared {
   public:
    virtual ~Prepared() = default;
  };
  virtual std::shared_ptr<const Prepared> prepare(const UnetCondition& condition, int height,
                                                  int width,
                                                  const Progress& progress) = 0;  // latent pixels
  // The network's raw output (epsilon or v) for x [1,C,h,w] (already scaled by c_in) at a possibly
  // fractional timestep, one tensor for each condition. `residuals`: one for each condition (an
  // empty one adds nothing), or none at all; the network for none has no inputs for them.
  virtual std::vector<Tensor> predict(const Tensor& x, double timestep,
                                      std::span<const std::shared_ptr<const Prepared>> conditions,
                                      std::span<const Residuals> residuals,
                                      const Progress& progress) = 0;
  std::vector<Tensor> predict(const Tensor& x, double timestep,
                              std::span<const std::shared_ptr<const Prepared>> conditions,
                              const Progress& progress) {
    return predict(x, timestep, conditions, {}, progress);
  }

  // Every cross-attention of the UNet, in order of use.
  virtual std::vector<PromptAttention> prompt_attentions() const = 0;

  // picture [1,3,H,W] in [-1,1] -> posterior mean, scaled: the latent the sampler works on.
  // Tiled with feathered overlap above a size.
  virtual Tensor encode(const Tensor& picture, const Progress& progress) = 0;
  virtual Tensor decode(const Tensor& latent,
                        const Progress& progress) = 0;  // -> [1,3,H,W], about [-1,1]

  // Peak bytes this model needs to make one picture of that size, weights included (estimate).
  virtual uint64_t estimate_bytes(int width_px, int height_px) const = 0;

  using CompileRecord = pentimento::CompileRecord;
  // Of each network compiled so far.
  virtual std::vector<CompileRecord> compile_records() const = 0;
};

}  // namespace pentimento
