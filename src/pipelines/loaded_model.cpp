#include "pipelines/loaded_model.h"

#include "base/error.h"
#include "pipelines/conditioning.h"
#include "weights/model_card.h"
#include "weights/text_encoder_file.h"

namespace pentimento {

namespace fs = std::filesystem;

std::string LoadedModel::timing_key(const char* what) const {
  return std::string(what) + " " + to_string(config().family) + " " +
         std::to_string(config().unet.block_out_channels.front()) + " " +
         to_string(runtime.precision) + " " + runtime.device;
}

Tensor LoadedModel::encode(const Tensor& picture, const Progress& progress) {
  return remembered->tensor(content_key("picture", picture),
                            [&] { return networks->encode(picture, progress); });
}

namespace {

// A text encoder in a file of its own; the VAE comes from elsewhere.
void borrow_text_file(Checkpoint& checkpoint, const fs::path& from) {
  TextEncoderFile encoder = open_text_encoder(from, checkpoint.config.family);
  const int width = checkpoint.config.unet.cross_attention_dim;
  if (encoder.config.hidden_size != width)
    throw Error(ErrorKind::InvalidArgument, from.string() + ": is a text encoder " +
                                                std::to_string(encoder.config.hidden_size) +
                                                " wide and " + checkpoint.path.filename().string() +
                                                " reads prompts " + std::to_string(width) +
                                                " wide; choose the one of its family, " +
                                                to_string(checkpoint.config.family));
  checkpoint.text.clear();
  checkpoint.text.push_back(std::move(encoder.tensors));
  checkpoint.config.text = {encoder.config};
}

// Gives a UNet alone the text encoders, and unless one is named the VAE, of a whole checkpoint; or
// the text encoder of a file of its own.
void borrow_parts(Checkpoint& checkpoint, const fs::path& from, bool has_vae) {
  if (is_text_encoder_file(from)) return borrow_text_file(checkpoint, from);
  Checkpoint other = open_checkpoint(from);
  const ModelConfig& config = checkpoint.config;
  if (other.text.empty())
    throw Error(ErrorKind::Unsupported, from.string() + ": has no text encoder inside");
  if (other.config.family != config.family ||
      other.config.unet.cross_attention_dim != config.unet.cross_attention_dim)
    throw Error(ErrorKind::InvalidArgument,
                from.string() + ": is a model of " + to_string(other.config.family) + " and " +
                    checkpoint.path.filename().string() + " one of " + to_string(config.family) +
                    "; the text encoder must come from the same family");
  checkpoint.text = std::move(other.text);
  checkpoint.config.text = other.config.text;
  checkpoint.config.tokenizer_merges = other.config.tokenizer_merges;
  if (has_vae || !checkpoint.vae.empty()) return;
  checkpoint.vae = std::move(other.vae);
  checkpoint.config.vae = other.config.vae;
}

void require_parts(const Checkpoint& checkpoint, bool has_vae) {
  if (checkpoint.text.empty())
    throw Error(ErrorKind::Unsupported,
                checkpoint.path.string() +
                    ": has no text encoder inside; name a whole checkpoint of its family, or a "
                    "text encoder, with --text-encoder");
  if (checkpoint.vae.empty() && !has_vae)
    throw Error(ErrorKind::Unsupported,
                checkpoint.path.string() + ": has no VAE inside; name one with --vae");
}

}  // namespace

LoadedModel load_model(Runtime& runtime, const fs::path& path, const std::optional<fs::path>& vae,
                       const fs::path& cache_dir, const Progress& progress,
                       const std::optional<fs::path>& text) {
  Checkpoint checkpoint = open_checkpoint(path);
  if (text) borrow_parts(checkpoint, *text, vae.has_value());
  require_parts(checkpoint, vae.has_value());
  const SchedulerConfig& s = checkpoint.config.scheduler;
  LoadedModel model{.networks = nullptr,
                    .tokenizer = nullptr,
                    .table = NoiseTable(s.beta_start, s.beta_end, s.beta_schedule,
                                        s.num_train_timesteps, s.rescale_betas_zero_snr),
                    .runtime = runtime.options(),
                    .name = {},
                    .sha256 = {},
                    .vae_name = {},
                    .vae_sha256 = {},
                    .clip_skip = read_model_card(path).clip_skip.value_or(1),
                    .text_name = text ? text->filename().string() : "",
                    .text_sha256 = {},
                    .cache_dir = cache_dir,
                    .extras = {},
                    .loras = {},
                    .open_loras = {}};
  model.runtime.precision = runtime.precision();
  model.name = path.has_stem() ? path.stem().string() : path.parent_path().filename().string();
  model.sha256 = checkpoint_sha256(path, cache_dir, progress);
  model.tokenizer = tokenizer_of(checkpoint.config);
  std::optional<VaeFile> vae_file;
  std::string weights_id = model.sha256;
  if (text) {
    model.text_sha256 = checkpoint_sha256(*text, cache_dir, progress);
    weights_id += "+text:" + model.text_sha256;
  }
  if (vae) {
    vae_file = open_vae(*vae);
    model.vae_name = vae->filename().string();
    model.vae_sha256 = checkpoint_sha256(*vae, cache_dir, progress);
    weights_id += "+" + model.vae_sha256;
  }
  model.networks =
      StableDiffusion::load(runtime, std::move(checkpoint), weights_id, std::move(vae_file));
  return model;
}

}  // namespace pentimento
