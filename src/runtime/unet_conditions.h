// What the UNet, and the ControlNets that are copies of it, take for each condition beside the
// latent: made ready once, uploaded when they change. For the .cpp files of runtime/ only.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/compiled_networks.h"
#include "runtime/stable_diffusion.h"

namespace pentimento {

// One condition's values by input name.
struct PreparedCondition : StableDiffusion::Prepared {
  int64_t tokens = 0;
  int64_t image_tokens = 0;              // of an image prompt, 0 without one
  std::map<std::string, Tensor> inputs;  // keys and values [1,heads,T,d], embeddings [1,D]
  Tensor concat;                         // [1,Cc,h,w] or empty
};
using Conditions = std::span<const std::shared_ptr<const StableDiffusion::Prepared>>;

inline const PreparedCondition& content(
    const std::shared_ptr<const StableDiffusion::Prepared>& prepared) {
  return static_cast<const PreparedCondition&>(*prepared);
}

// Keys, values and embeddings of the condition under the weights of `part`.
std::shared_ptr<PreparedCondition> prepare_condition(CompiledNetworks& networks,
                                                     const ModelPart& part, const UnetConfig& unet,
                                                     const UnetCondition& condition,
                                                     const Progress& progress);

// Attention weighs the same keys the same however often all of them are repeated, so contexts of
// different lengths meet at their least common multiple.
int64_t common_tokens(std::span<const int64_t> tokens);
int64_t common_tokens(Conditions conditions);

// Throws InvalidArgument unless the shape is the expected one (empty where that holds nothing).
void expect_shape(const std::string& what, const Tensor& tensor, const Shape& expected);

// Remembers which conditions lie in which network's inputs, so that they are copied once.
class UploadedConditions {
 public:
  void upload(Network& network, Conditions conditions);
  void forget(const Network& network);

 private:
  std::vector<std::shared_ptr<const StableDiffusion::Prepared>> uploaded_;
  const Network* uploaded_to_ = nullptr;
};

}  // namespace pentimento
