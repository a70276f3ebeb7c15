// One resident IP-Adapter beside a Stable Diffusion model: features of pictures (runtime/clip.h)
// become tokens, and tokens the keys and values that UnetCondition::image takes.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/stable_diffusion.h"
#include "weights/ip_adapter_file.h"

namespace pentimento {

// Thread contract: one thread computes; cancel() of the Progress token ends the running inference.
class IpAdapter {
 public:
  // `weights_id` names the weights in the compile cache (SHA-256). Throws InvalidArgument naming
  // both when it was made for another family than `model`.
  static std::unique_ptr<IpAdapter> load(Runtime& runtime, IpAdapterFile file,
                                         std::string weights_id, const StableDiffusion& model);
  virtual ~IpAdapter() = default;

  virtual IpAdapterFile::Kind kind() const = 0;
  // What it reads: the plain kind [1,E] embeddings, the others [1,S,E] hidden states.
  virtual int features() const = 0;
  // The model's cross-attentions in the order in which the file counts them: the way down, the way
  // up, the middle.
  virtual const std::vector<PromptAttention>& attentions() const = 0;

  // features -> tokens [1,T,D]. Throws InvalidArgument for features of another width.
  virtual Tensor tokens(const Tensor& features, const Progress& progress) = 0;

  // Keys and values of tokens [1,T,D]; values times the weight of their token and of the
  // attention they go to (each list empty: all 1).
  virtual std::shared_ptr<const ImageKeys> keys(const Tensor& tokens,
                                                std::span<const float> token_weights,
                                                std::span<const float> attention_weights,
                                                const Progress& progress) = 0;

  virtual uint64_t estimate_bytes() const = 0;  // beside the model, weights included

  virtual std::vector<CompileRecord> compile_records() const = 0;
};

}  // namespace pentimento
