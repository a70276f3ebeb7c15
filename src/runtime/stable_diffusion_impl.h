// The resident model behind StableDiffusion: for the stable_diffusion*.cpp files only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/read_ahead.h"
#include "models/unet.h"
#include "runtime/compiled_networks.h"
#include "runtime/stable_diffusion.h"
#include "runtime/unet_conditions.h"

namespace pentimento {

class ResidentModel : public StableDiffusion {
 public:
  ResidentModel(Runtime& runtime, Checkpoint checkpoint, std::string weights_id,
                std::optional<VaeFile> vae);

  const ModelConfig& config() const override { return config_; }
  std::vector<LoraReport> use_loras(const std::vector<LoraUse>& loras,
                                    const std::string& model) override;
  TextEncoding encode_text(size_t index, std::span<const int64_t> tokens, int clip_skip,
                           const Progress& progress,
                           std::span<const TokenVectors> vectors) override;
  void expect(std::span<const int64_t> tokens, int height, int width) override;
  std::shared_ptr<const Prepared> prepare(const UnetCondition& condition, int height, int width,
                                          const Progress& progress) override;
  std::vector<Tensor> predict(const Tensor& x, double timestep, Conditions conditions,
                              std::span<const Residuals> residuals,
                              const Progress& progress) override;
  std::vector<PromptAttention> prompt_attentions() const override;
  Tensor encode(const Tensor& picture, const Progress& progress) override;
  Tensor decode(const Tensor& latent, const Progress& progress) override;
  uint64_t estimate_bytes(int width_px, int height_px) const override;
  std::vector<CompileRecord> compile_records() const override { return networks_.records(); }
  Runtime& runtime() const { return runtime_; }

 private:
  void read_ahead();
  Network& text_network(size_t index, int layers_skipped, const Progress& progress);
  Network& unet_network(const models::UnetShape& shape, const Progress& progress);
  void begin_expected(const Progress& progress);
  Tensor encode_tile(const Tensor& picture, const Progress& progress);
  Tensor decode_tile(const Tensor& latent, const Progress& progress);

  Runtime& runtime_;
  ModelConfig config_;
  std::vector<std::unique_ptr<ModelPart>> text_;
  ModelPart unet_, vae_;
  std::optional<LayerIndex> layers_;  // made when the first LoRA comes
  UploadedConditions uploaded_;
  std::optional<models::UnetShape> expected_;  // to be compiled beside the next encoding
  bool asked_ahead_ = false;
  ReadAhead reading_;
  CompiledNetworks networks_;  // goes first: it tells `uploaded_`
};

}  // namespace pentimento
