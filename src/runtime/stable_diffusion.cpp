#include "runtime/stable_diffusion.h"

#include <algorithm>

#include "base/error.h"
#include "models/clip_text.h"
#include "models/tiny_vae.h"
#include "models/vae.h"
#include "runtime/stable_diffusion_impl.h"

namespace pentimento {
namespace {

constexpr int64_t kChunk = 77;

std::string dims(std::initializer_list<int64_t> values) {
  std::string text;
  for (int64_t v : values) text += (text.empty() ? "" : "x") + std::to_string(v);
  return text;
}

// Where transformers' CLIP takes the pooled output: the first end token, else the greatest token.
int64_t end_position(std::span<const int64_t> tokens, int64_t eos) {
  const auto first = std::find(tokens.begin(), tokens.end(), eos);
  if (first != tokens.end()) return first - tokens.begin();
  return std::max_element(tokens.begin(), tokens.end()) - tokens.begin();
}

}  // namespace

std::unique_ptr<StableDiffusion> StableDiffusion::load(Runtime& runtime, Checkpoint checkpoint,
                                                       std::string weights_id,
                                                       std::optional<VaeFile> vae) {
  return std::make_unique<ResidentModel>(runtime, std::move(checkpoint), std::move(weights_id),
                                         std::move(vae));
}

ResidentModel::ResidentModel(Runtime& runtime, Checkpoint checkpoint, std::string weights_id,
                             std::optional<VaeFile> vae)
    : runtime_(runtime),
      checkpoint_(std::move(checkpoint)),
      weights_id_(std::move(weights_id)),
      vae_id_(vae ? "" : weights_id_),
      vae_tensors_(vae ? vae->tensors : checkpoint_.vae),
      vae_config_(vae ? vae->config : checkpoint_.config.vae),
      unet_weights_(checkpoint_.unet, checkpoint_.path.filename().string()),
      vae_weights_(vae_tensors_, (vae ? vae->path : checkpoint_.path).filename().string()) {
  if (vae_config_.latent_channels != checkpoint_.config.unet.out_channels)
    throw Error(ErrorKind::InvalidArgument,
                (vae ? vae->path : checkpoint_.path).string() + ": a VAE of " +
                    std::to_string(vae_config_.latent_channels) + " latent channels, expected " +
                    std::to_string(checkpoint_.config.unet.out_channels) +
                    "; choose a VAE of the model's family");
  for (const TensorMap& tensors : checkpoint_.text)
    text_weights_.emplace_back(tensors, checkpoint_.path.filename().string());
}

Network& ResidentModel::network(const NetworkKey& key,
                                const std::function<std::shared_ptr<ov::Model>()>& describe,
                                const Progress& progress) {
  auto& slot = networks_[key.network + " " + key.shape];
  if (!slot) {
    CompiledNetwork compiled = runtime_.impl().compile(key, describe, progress);
    records_.push_back({key.network, compiled.seconds, compiled.from_cache});
    slot = std::move(compiled.network);
  }
  return *slot;
}

Network& ResidentModel::text_network(size_t index, int layers_skipped, const Progress& progress) {
  const TextConfig& text = config().text.at(index);
  const models::ClipTextOutputs outputs{.layers_skipped = layers_skipped,
                                        .final_norm = text.final_norm,
                                        .pooled = text.projection_dim > 0};
  const NetworkKey key{"text_encoder_" + std::to_string(index), weights_id_,
                       dims({layers_skipped})};
  return network(
      key, [&] { return models::clip_text(text_weights_.at(index), text, outputs); }, progress);
}

TextEncoding ResidentModel::encode_text(size_t index, std::span<const int64_t> tokens,
                                        int clip_skip, const Progress& progress) {
  const TextConfig& text = config().text.at(index);
  if (tokens.empty() || tokens.size() % kChunk != 0)
    throw Error(ErrorKind::InvalidArgument,
                std::to_string(tokens.size()) + " tokens, expected whole chunks of 77");
  const bool choosable = config().family != Family::SD2 && config().family != Family::SDXL;
  const int from_end =
      choosable && clip_skip > 1 ? clip_skip : std::max(1, text.default_hidden_state);
  if (from_end > text.layers)
    throw Error(ErrorKind::InvalidArgument, "clip skip " + std::to_string(from_end) +
                                                " is beyond the text encoder's " +
                                                std::to_string(text.layers) + " layers");
  Network& net = text_network(index, from_end - 1, progress);

  const auto chunks = static_cast<int64_t>(tokens.size()) / kChunk;
  TextEncoding encoding{Tensor({chunks, kChunk, text.hidden_size}), {}};
  if (text.projection_dim > 0) encoding.pooled = Tensor({chunks, text.projection_dim});
  for (int64_t i = 0; i < chunks; ++i) {
    const auto chunk = tokens.subspan(i * kChunk, kChunk);
    net.set("embeddings", models::embed_tokens(text_weights_.at(index), text, chunk));
    if (net.has_input("eos")) {
      const int64_t eos = end_position(chunk, text.eos_token);
      net.set("eos", std::span(&eos, 1));
    }
    net.run(progress);
    const Tensor hidden = net.output("hidden");
    std::copy(hidden.data.begin(), hidden.data.end(),
              encoding.hidden.data.begin() + i * hidden.size());
    if (encoding.pooled.empty()) continue;
    const Tensor pooled = net.output("pooled");
    std::copy(pooled.data.begin(), pooled.data.end(),
              encoding.pooled.data.begin() + i * pooled.size());
  }
  return encoding;
}

Tensor ResidentModel::encode_tile(const Tensor& picture, const Progress& progress) {
  const int64_t h = picture.dim(2), w = picture.dim(3);
  Network& net = network(
      {"vae_encoder", vae_id_, dims({h, w})},
      [&] {
        return vae_config_.tiny ? models::tiny_vae_encoder(vae_weights_, vae_config_, h, w)
                                : models::vae_encoder(vae_weights_, vae_config_, h, w);
      },
      progress);
  net.set("picture", picture);
  net.run(progress);
  return net.output("latent");
}

Tensor ResidentModel::decode_tile(const Tensor& latent, const Progress& progress) {
  const int64_t h = latent.dim(2), w = latent.dim(3);
  Network& net = network(
      {"vae_decoder", vae_id_, dims({h, w})},
      [&] {
        return vae_config_.tiny ? models::tiny_vae_decoder(vae_weights_, vae_config_, h, w)
                                : models::vae_decoder(vae_weights_, vae_config_, h, w);
      },
      progress);
  net.set("latent", latent);
  net.run(progress);
  return net.output("picture");
}

Tensor ResidentModel::encode(const Tensor& picture, const Progress& progress) {
  return encode_tile(picture, progress);
}

Tensor ResidentModel::decode(const Tensor& latent, const Progress& progress) {
  return decode_tile(latent, progress);
}

uint64_t ResidentModel::estimate_bytes(int, int) const { return 0; }

}  // namespace pentimento
