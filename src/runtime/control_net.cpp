#include "runtime/control_net.h"

#include "base/error.h"
#include "models/controlnet.h"
#include "runtime/remembered.h"
#include "runtime/unet_conditions.h"

namespace pentimento {
namespace {

constexpr int kHintFactor = 8;  // pixels of the control picture per latent pixel

[[noreturn]] void refuse(const ControlNetFile& file, const std::string& what) {
  throw Error(ErrorKind::InvalidArgument, file.path.filename().string() + ": " + what);
}

std::string family_text(Family family, int context) {
  return std::string(to_string(family)) + " (prompts of width " + std::to_string(context) + ")";
}

// The copied UNet: built as the model's is, but for what only the model itself has.
UnetConfig config_beside(const ControlNetFile& file, const ModelConfig& model) {
  const UnetConfig& unet = model.unet;
  if (file.cross_attention_dim && file.cross_attention_dim != unet.cross_attention_dim)
    refuse(file, "is a ControlNet for " + family_text(file.family, file.cross_attention_dim) +
                     ", expected one for " + family_text(model.family, unet.cross_attention_dim) +
                     " as the model is; choose another ControlNet or another model");
  const TensorView& first = file.tensors.at("conv_in.weight");
  const auto width = first.shape.at(0), channels = first.shape.at(1);
  const bool added = file.tensors.contains("add_embedding.linear_1.weight");
  if (width != unet.block_out_channels.at(0) || added != (unet.added_channels > 0))
    refuse(file, "is a ControlNet for another kind of model (first width " + std::to_string(width) +
                     ", the model's is " + std::to_string(unet.block_out_channels.at(0)) +
                     "); choose a ControlNet of the model's family");
  if (channels != unet.out_channels || model.vae.scale_factor != kHintFactor)
    refuse(file, "works on latents of " + std::to_string(channels) +
                     " channels at 1/8 of the size; the model's have " +
                     std::to_string(unet.out_channels) + " channels at 1/" +
                     std::to_string(model.vae.scale_factor) +
                     "; use it with an SD 1.x, SD 2.x or "
                     "SDXL model");
  UnetConfig config = unet;
  config.in_channels = static_cast<int>(channels);
  config.time_cond_proj = false;
  return config;
}

class ResidentControlNet : public ControlNet {
 public:
  ResidentControlNet(Runtime& runtime, ControlNetFile file, const std::string& weights_id,
                     const ModelConfig& model)
      : config_(config_beside(file, model)),
        global_pool_(file.global_pool),
        part_(std::move(file.tensors), file.path, weights_id),
        networks_(runtime) {
    networks_.on_release = [this](const Network& network) { uploaded_.forget(network); };
  }

  bool global_pool() const override { return global_pool_; }

  Tensor hint(const Tensor& picture, const Progress& progress) override {
    const bool good = picture.shape.size() == 4 && picture.dim(2) > 0 && picture.dim(3) > 0 &&
                      picture.dim(2) % kHintFactor == 0 && picture.dim(3) % kHintFactor == 0;
    if (!good || picture.dim(1) != 3)
      throw Error(ErrorKind::InvalidArgument, "a control picture of shape " +
                                                  to_string(picture.shape) +
                                                  ", expected [1,3,H,W] with H and W a multiple "
                                                  "of 8");
    return hints_.get(picture, [&] {
      const int64_t height = picture.dim(2), width = picture.dim(3);
      Network& net = networks_.get(
          "controlnet_hint", part_, shape_text({height, width}),
          [&] { return models::controlnet_hint(part_.weights, height, width); }, progress);
      net.set("picture", picture);
      net.run(progress);
      return net.output("hint");
    });
  }

  std::shared_ptr<const StableDiffusion::Prepared> prepare(const UnetCondition& condition,
                                                           const Progress& progress) override {
    return prepare_condition(networks_, part_, config_, condition, progress);
  }

  std::vector<Residuals> evaluate(const Tensor& x, double timestep, const Tensor& hint,
                                  Conditions conditions, const Progress& progress) override {
    if (conditions.empty()) throw Error(ErrorKind::InvalidArgument, "no condition to evaluate");
    if (x.shape.size() != 4) expect_shape("a latent", x, {1, config_.in_channels, 64, 64});
    const models::UnetShape shape{.batch = static_cast<int64_t>(conditions.size()),
                                  .height = x.dim(2),
                                  .width = x.dim(3),
                                  .tokens = common_tokens(conditions)};
    expect_shape("a latent", x, {1, config_.in_channels, shape.height, shape.width});
    expect_shape("a control picture's hint", hint,
                 {1, config_.block_out_channels.at(0), shape.height, shape.width});
    Network& net = networks_.get(
        "controlnet", part_, shape_text({shape.batch, shape.height, shape.width, shape.tokens}),
        [&] { return models::controlnet(part_.weights, config_, shape); }, progress);
    uploaded_.upload(net, conditions);
    net.set("time", models::timestep_sinusoids(timestep, config_.block_out_channels.at(0)));
    net.set("hint", hint);
    const std::span<float> sample = net.input("sample");
    for (size_t i = 0; i < conditions.size(); ++i)
      std::ranges::copy(x.data, sample.data() + i * x.size());
    net.run(progress);
    return residuals_of(net, conditions.size());
  }

  // The model's own estimate holds what is read while compiling; here, weights and activations.
  uint64_t estimate_bytes(int width_px, int height_px) const override {
    constexpr uint64_t kPerPixel = 32;  // about half of what the UNet takes
    return networks_.bytes_of(part_) +
           static_cast<uint64_t>(width_px) * static_cast<uint64_t>(height_px) * kPerPixel;
  }

  std::vector<CompileRecord> compile_records() const override { return networks_.records(); }

 private:
  std::vector<Residuals> residuals_of(const Network& net, size_t batch) const {
    std::vector<Residuals> result(batch);
    for (size_t r = 0; r < models::controlnet_residuals(part_.weights); ++r) {
      const Tensor all = net.output("residual." + std::to_string(r));
      Shape shape = all.shape;
      shape[0] = 1;
      const auto row = static_cast<std::ptrdiff_t>(all.size() / batch);
      for (size_t i = 0; i < batch; ++i) {
        const auto begin = all.data.begin() + static_cast<std::ptrdiff_t>(i) * row;
        result[i].emplace_back(shape, std::vector<float>(begin, begin + row));
      }
    }
    return result;
  }

  UnetConfig config_;
  bool global_pool_;
  ModelPart part_;
  UploadedConditions uploaded_;
  CompiledNetworks networks_;  // goes first: it tells `uploaded_`
  Remembered<Tensor> hints_{4};
};

}  // namespace

std::unique_ptr<ControlNet> ControlNet::load(Runtime& runtime, ControlNetFile file,
                                             std::string weights_id, const ModelConfig& model) {
  return std::make_unique<ResidentControlNet>(runtime, std::move(file), weights_id, model);
}

}  // namespace pentimento
