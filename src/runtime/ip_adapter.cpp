#include "runtime/ip_adapter.h"

#include <algorithm>

#include "base/error.h"
#include "models/ip_adapter.h"
#include "runtime/compiled_networks.h"

namespace pentimento {
namespace {

std::vector<models::CrossAttention> described(const std::vector<PromptAttention>& attentions) {
  std::vector<models::CrossAttention> result;
  for (const auto& [name, heads] : attentions) result.push_back({name, heads});
  return result;
}

// values [1,heads,T,d]: every token's rows times its weight and the attention's.
void weigh(Tensor& values, std::span<const float> token_weights, float attention_weight) {
  const auto tokens = static_cast<size_t>(values.dim(2)),
             width = static_cast<size_t>(values.dim(3));
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t token = i / width % tokens;
    values.data[i] *= attention_weight * (token_weights.empty() ? 1.0f : token_weights[token]);
  }
}

void expect_count(const char* what, size_t found, size_t expected) {
  if (found != 0 && found != expected)
    throw Error(ErrorKind::InvalidArgument,
                std::to_string(found) + " " + what + ", expected " + std::to_string(expected));
}

class ResidentIpAdapter : public IpAdapter {
 public:
  ResidentIpAdapter(Runtime& runtime, IpAdapterFile file, const std::string& weights_id,
                    const StableDiffusion& model)
      : kind_(file.kind),
        features_(file.features),
        width_(file.cross_attention_dim),
        latents_(kind_ == IpAdapterFile::Kind::Plus ? file.projection.at("latents").to_f32()
                                                    : std::vector<float>()),
        projection_(std::move(file.projection), file.path, weights_id),
        attention_(std::move(file.attention), file.path, weights_id),
        networks_(runtime) {
    for (const auto& [name, heads] : models::in_adapter_order(described(model.prompt_attentions())))
      attentions_.push_back({name, heads});
    const ModelConfig& config = model.config();
    const auto count = static_cast<int>(attentions_.size());
    if (width_ != config.unet.cross_attention_dim || file.attentions != count)
      throw Error(ErrorKind::InvalidArgument,
                  file.path.filename().string() + ": is an IP-Adapter for prompts of width " +
                      std::to_string(width_) + " in " + std::to_string(file.attentions) +
                      " attentions, expected " + std::to_string(config.unet.cross_attention_dim) +
                      " in " + std::to_string(count) + " as the model (" +
                      to_string(config.family) +
                      ") has; choose an IP-Adapter of the model's family");
  }

  IpAdapterFile::Kind kind() const override { return kind_; }
  int features() const override { return features_; }
  const std::vector<PromptAttention>& attentions() const override { return attentions_; }

  Tensor tokens(const Tensor& features, const Progress& progress) override {
    const size_t rank = kind_ == IpAdapterFile::Kind::Plain ? 2 : 3;
    if (features.shape.size() != rank || features.dim(0) != 1 || features.shape.back() != features_)
      throw Error(ErrorKind::InvalidArgument,
                  "picture features of shape " + to_string(features.shape) +
                      "; this IP-Adapter reads " + (rank == 2 ? "embeddings" : "hidden states") +
                      " of width " + std::to_string(features_) +
                      "; choose the image encoder it was made with");
    Network& net = networks_.get(
        "image_projection", projection_,
        rank == 2 ? shape_text({features_}) : shape_text({features.dim(1), features_}),
        [&] { return models::image_projection(projection_.weights, features.shape); }, progress);
    net.set("features", features);
    if (kind_ == IpAdapterFile::Kind::Plus)
      net.set("latents", Tensor({static_cast<int64_t>(latents_.size())}, latents_));
    net.run(progress);
    return net.output("tokens");
  }

  std::shared_ptr<const ImageKeys> keys(const Tensor& tokens, std::span<const float> token_weights,
                                        std::span<const float> attention_weights,
                                        const Progress& progress) override {
    if (tokens.shape.size() != 3 || tokens.dim(0) != 1 || tokens.dim(1) < 1 ||
        tokens.dim(2) != width_)
      throw Error(ErrorKind::InvalidArgument, "image tokens of shape " + to_string(tokens.shape) +
                                                  ", expected [1,T," + std::to_string(width_) +
                                                  "]");
    expect_count("token weights", token_weights.size(), static_cast<size_t>(tokens.dim(1)));
    expect_count("attention weights", attention_weights.size(), attentions_.size());
    Network& net = networks_.get(
        "image_keys", attention_, shape_text({tokens.dim(1)}),
        [&] {
          return models::image_keys(attention_.weights, described(attentions_), tokens.shape);
        },
        progress);
    net.set("tokens", tokens);
    net.run(progress);
    auto keys = std::make_shared<ImageKeys>();
    keys->tokens = tokens.dim(1);
    for (size_t i = 0; i < attentions_.size(); ++i) {
      const std::string& name = attentions_[i].name;
      keys->values[name + ".ip_k"] = net.output(name + ".ip_k");
      Tensor& values = keys->values[name + ".ip_v"] = net.output(name + ".ip_v");
      weigh(values, token_weights, attention_weights.empty() ? 1.0f : attention_weights[i]);
    }
    return keys;
  }

  uint64_t estimate_bytes() const override {
    return networks_.bytes_of(projection_) + networks_.bytes_of(attention_);
  }

  std::vector<CompileRecord> compile_records() const override { return networks_.records(); }

 private:
  IpAdapterFile::Kind kind_;
  int features_, width_;
  std::vector<float> latents_;  // of the plus kind's resampler
  ModelPart projection_, attention_;
  std::vector<PromptAttention> attentions_;
  CompiledNetworks networks_;
};

}  // namespace

std::unique_ptr<IpAdapter> IpAdapter::load(Runtime& runtime, IpAdapterFile file,
                                           std::string weights_id, const StableDiffusion& model) {
  return std::make_unique<ResidentIpAdapter>(runtime, std::move(file), weights_id, model);
}

}  // namespace pentimento
