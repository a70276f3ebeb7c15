#include "runtime/stable_diffusion.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/mapped_file.h"
#include "models/clip_text.h"
#include "runtime/stable_diffusion_impl.h"

namespace pentimento {
namespace {

constexpr int64_t kChunk = 77;

// Where transformers' CLIP takes the pooled output: the first end token, else the greatest token.
int64_t end_position(std::span<const int64_t> tokens, int64_t eos) {
  const auto first = std::find(tokens.begin(), tokens.end(), eos);
  if (first != tokens.end()) return first - tokens.begin();
  return std::max_element(tokens.begin(), tokens.end()) - tokens.begin();
}

// The vectors of `word` that fall into the chunk that begins at token `begin`.
void place_vectors(const TokenVectors& word, int64_t begin, Tensor& embeddings) {
  const int64_t width = embeddings.dim(2);
  if (word.vectors->shape.size() != 2 || word.vectors->dim(1) != width)
    throw Error(ErrorKind::InvalidArgument, "vectors of shape " + to_string(word.vectors->shape) +
                                                ", expected [n," + std::to_string(width) +
                                                "] for this model");
  for (int64_t row = 0; row < word.vectors->dim(0); ++row) {
    const int64_t at = word.position + row - begin;
    if (at < 0 || at >= kChunk) continue;
    std::copy_n(word.vectors->data.begin() + row * width, width,
                embeddings.data.begin() + at * width);
  }
}

// A VAE in a file of its own has no hash: its path, size and time stand for it.
std::string file_id(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  const auto time = std::filesystem::last_write_time(path, error).time_since_epoch().count();
  return path.string() + " " + std::to_string(size) + " " + std::to_string(time);
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
      config_(std::move(checkpoint.config)),
      unet_(std::move(checkpoint.unet), checkpoint.path, weights_id),
      vae_(vae ? std::move(vae->tensors) : std::move(checkpoint.vae),
           vae ? vae->path : checkpoint.path,
           weights_id.empty() || !vae ? weights_id : file_id(vae->path)),
      networks_(runtime) {
  networks_.on_release = [this](const Network& network) { uploaded_.forget(network); };
  if (vae) config_.vae = vae->config;
  if (config_.vae.latent_channels != config_.unet.out_channels)
    throw Error(ErrorKind::InvalidArgument,
                (vae ? vae->path : checkpoint.path).string() + ": a VAE of " +
                    std::to_string(config_.vae.latent_channels) + " latent channels, expected " +
                    std::to_string(config_.unet.out_channels) +
                    "; choose a VAE of the model's family");
  for (TensorMap& tensors : checkpoint.text)
    text_.push_back(std::make_unique<ModelPart>(std::move(tensors), checkpoint.path, weights_id));
}

// The whole model is about to be read, in this order.
void ResidentModel::read_ahead() {
  if (std::exchange(asked_ahead_, true)) return;
  std::vector<std::filesystem::path> files;
  const auto add = [&](const ModelPart& part) {
    if (part.file && std::ranges::find(files, part.file->path()) == files.end())
      files.push_back(part.file->path());
  };
  for (const auto& part : text_) add(*part);
  add(vae_);
  add(unet_);
  reading_.begin(std::move(files));
}

// --- text ----------------------------------------------------------------------------------------

Network& ResidentModel::text_network(size_t index, int layers_skipped, const Progress& progress) {
  const TextConfig& text = config_.text.at(index);
  const ModelPart& part = *text_.at(index);
  const models::ClipTextOutputs outputs{.layers_skipped = layers_skipped,
                                        .final_norm = text.final_norm,
                                        .pooled = text.projection_dim > 0};
  return networks_.get(
      "text_encoder_" + std::to_string(index + 1), part, shape_text({layers_skipped}),
      [&] { return models::clip_text(part.weights, text, outputs); }, progress);
}

TextEncoding ResidentModel::encode_text(size_t index, std::span<const int64_t> tokens,
                                        int clip_skip, const Progress& progress,
                                        std::span<const TokenVectors> vectors) {
  const TextConfig& text = config_.text.at(index);
  if (tokens.empty() || tokens.size() % kChunk != 0)
    throw Error(ErrorKind::InvalidArgument,
                std::to_string(tokens.size()) + " tokens, expected whole chunks of 77");
  const bool choosable = config_.family != Family::SD2 && config_.family != Family::SDXL;
  const int from_end =
      choosable && clip_skip > 1 ? clip_skip : std::max(1, text.default_hidden_state);
  if (from_end > text.layers)
    throw Error(ErrorKind::InvalidArgument, "clip skip " + std::to_string(from_end) +
                                                " is beyond the text encoder's " +
                                                std::to_string(text.layers) + " layers");
  read_ahead();
  Network& net = text_network(index, from_end - 1, progress);

  const auto chunks = static_cast<int64_t>(tokens.size()) / kChunk;
  TextEncoding encoding{Tensor({chunks, kChunk, text.hidden_size}), {}};
  if (text.projection_dim > 0) encoding.pooled = Tensor({chunks, text.projection_dim});
  auto hidden_out = encoding.hidden.data.begin();
  auto pooled_out = encoding.pooled.data.begin();
  for (int64_t i = 0; i < chunks; ++i) {
    progress.at("text", static_cast<int>(i), static_cast<int>(chunks));
    const auto chunk = tokens.subspan(i * kChunk, kChunk);
    Tensor embeddings = models::embed_tokens(text_.at(index)->weights, text, chunk);
    for (const TokenVectors& word : vectors) place_vectors(word, i * kChunk, embeddings);
    net.set("embeddings", embeddings);
    if (text.projection_dim > 0) {
      const int64_t eos = end_position(chunk, text.eos_token);
      net.set("eos", std::span(&eos, 1));
    }
    net.run(progress);
    hidden_out = std::ranges::copy(net.output("hidden").data, hidden_out).out;
    if (text.projection_dim > 0)
      pooled_out = std::ranges::copy(net.output("pooled").data, pooled_out).out;
  }
  return encoding;
}

// Calibrated on SD 1.5 and SDXL at 512 to 1024 px (docs/performance.md).
uint64_t ResidentModel::estimate_bytes(int width_px, int height_px) const {
  const auto pixels = static_cast<uint64_t>(width_px) * static_cast<uint64_t>(height_px);
  const uint64_t value = runtime_.precision() == Precision::F32 ? 4 : 2;
  uint64_t text = 0;
  for (const auto& part : text_) text += networks_.bytes_of(*part);
  const uint64_t resident = text + networks_.bytes_of(unet_) + networks_.bytes_of(vae_);
  // While compiling: f16 pages of the file, or the merged weights.
  const uint64_t reading = (unet_.edits ? value : 2) * static_cast<uint64_t>(unet_.parameters);
  const uint64_t decoding = std::min<uint64_t>(pixels, 1024 * 1024) * 128 * value * 6;
  const uint64_t fixed = uint64_t{200} << 20;
  return fixed + resident + std::max(reading, decoding) + pixels * 64;
}

}  // namespace pentimento
