// The resident model behind StableDiffusion: for the stable_diffusion_*.cpp files only.
#pragma once

#include <map>
#include <string>

#include "nn/weights.h"
#include "runtime/runtime_impl.h"
#include "runtime/stable_diffusion.h"

namespace pentimento {

class ResidentModel : public StableDiffusion {
 public:
  ResidentModel(Runtime& runtime, Checkpoint checkpoint, std::string weights_id,
                std::optional<VaeFile> vae);

  const ModelConfig& config() const override { return checkpoint_.config; }
  TextEncoding encode_text(size_t index, std::span<const int64_t> tokens, int clip_skip,
                           const Progress& progress) override;
  std::shared_ptr<const Prepared> prepare(const UnetCondition& condition, int height, int width,
                                          const Progress& progress) override;
  std::vector<Tensor> predict(const Tensor& x, double timestep,
                              std::span<const std::shared_ptr<const Prepared>> conditions,
                              const Progress& progress) override;
  Tensor encode(const Tensor& picture, const Progress& progress) override;
  Tensor decode(const Tensor& latent, const Progress& progress) override;
  uint64_t estimate_bytes(int width_px, int height_px) const override;
  std::vector<CompileRecord> compile_records() const override { return records_; }

 private:
  // The network of that name and shape, compiled on first use.
  Network& network(const NetworkKey& key,
                   const std::function<std::shared_ptr<ov::Model>()>& describe,
                   const Progress& progress);
  Network& text_network(size_t index, int layers_skipped, const Progress& progress);
  Network& unet_network(int64_t batch, int64_t height, int64_t width, int64_t tokens,
                        const Progress& progress);
  Tensor encode_tile(const Tensor& picture, const Progress& progress);
  Tensor decode_tile(const Tensor& latent, const Progress& progress);
  void upload_conditions(Network& unet,
                         std::span<const std::shared_ptr<const Prepared>> conditions);

  Runtime& runtime_;
  Checkpoint checkpoint_;
  std::string weights_id_, vae_id_;
  TensorMap vae_tensors_;
  VaeConfig vae_config_;
  std::vector<nn::Weights> text_weights_;
  nn::Weights unet_weights_, vae_weights_;
  std::map<std::string, std::unique_ptr<Network>> networks_;  // by name and shape
  std::vector<CompileRecord> records_;
  std::vector<std::shared_ptr<const Prepared>> uploaded_;  // conditions now in `uploaded_to_`
  const Network* uploaded_to_ = nullptr;
};

}  // namespace pentimento
