// The resident model behind StableDiffusion: for the stable_diffusion*.cpp files only.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "nn/weights.h"
#include "runtime/runtime_impl.h"
#include "runtime/stable_diffusion.h"

namespace pentimento {

// The weights of one network of the model.
struct ModelPart {
  ModelPart(TensorMap map, const std::filesystem::path& path, std::string weights_id);
  ModelPart(const ModelPart&) = delete;
  ModelPart& operator=(const ModelPart&) = delete;

  // Lays `edits` over the tensors; null, and the name "", for the file's own.
  void edit(std::shared_ptr<LoraEdits> edits, std::string set_id);

  TensorMap tensors;
  std::string source;  // file name, for messages
  nn::Weights weights;
  std::string id;                          // names them in the compile cache
  std::shared_ptr<const MappedFile> file;  // that most of them lie in
  std::shared_ptr<LoraEdits> edits;        // what is laid over them now, or null
  std::string set_id;                      // names that; "" for nothing
  int64_t parameters = 0;

 private:
  std::string file_id_;  // of the tensors without edits
};

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
  struct Compiled {
    std::string name, shape, set_id;
    uint64_t bytes;  // about what it holds
    std::unique_ptr<Network> network;
  };

  // The network of that name and shape over `part`, compiled on first use.
  Network& network(const std::string& name, const ModelPart& part, const std::string& shape,
                   const std::function<std::shared_ptr<ov::Model>()>& describe,
                   const Progress& progress);
  // Lets go of networks used longest ago: beyond two shapes of the same one, and as long as the
  // system has not `bytes` to give.
  void make_room(const std::string& name, uint64_t bytes);
  void release(std::list<Compiled>::iterator network);

  Network& text_network(size_t index, int layers_skipped, const Progress& progress);
  Network& unet_network(int64_t batch, int64_t height, int64_t width, int64_t tokens,
                        const Progress& progress);
  Tensor encode_tile(const Tensor& picture, const Progress& progress);
  Tensor decode_tile(const Tensor& latent, const Progress& progress);
  void upload_conditions(Network& unet,
                         std::span<const std::shared_ptr<const Prepared>> conditions);
  uint64_t compiled_bytes(const ModelPart& part) const;

  Runtime& runtime_;
  ModelConfig config_;
  std::vector<std::unique_ptr<ModelPart>> text_;
  ModelPart unet_, vae_;
  std::optional<LayerIndex> layers_;  // made when the first LoRA comes
  std::list<Compiled> networks_;      // most recently used first
  std::vector<CompileRecord> records_;
  std::vector<std::shared_ptr<const Prepared>> uploaded_;  // conditions now in `uploaded_to_`
  const Network* uploaded_to_ = nullptr;
};

// "2x4x64x64"
std::string shape_text(std::initializer_list<int64_t> values);

}  // namespace pentimento
