// The autoencoder's build, read off its tensors, and the scale of its latents.
#include <algorithm>

#include "base/error.h"
#include "weights/key_maps.h"
#include "weights/parts.h"
#include "weights/shapes.h"

namespace pentimento {
namespace {

constexpr int kMostReduced = 64;  // pixels per latent pixel

[[noreturn]] void corrupt(const std::string& where, const std::string& what) {
  throw Error(ErrorKind::CorruptFile, where + ": " + what);
}

void infer_tiny(VaeConfig& vae, const Shapes& shapes, const TensorMap& tensors,
                const std::string& where) {
  vae.tiny = true;
  vae.quant_conv = false;
  vae.layers_per_block = 3;
  vae.norm_num_groups = 4;  // of TAEF2's pooled blocks, fixed by their definition
  const int layers = count_numbered(tensors, "encoder.layers.");
  vae.block_out_channels = {shapes.extent("encoder.layers.0.weight", 0, 4)};
  vae.scale_factor = 1;
  // A convolution without a bias halves the picture.
  for (int i = 1; i + 1 < layers; ++i) {
    const std::string layer = "encoder.layers." + std::to_string(i);
    if (!tensors.contains(layer + ".weight") || tensors.contains(layer + ".bias")) continue;
    vae.scale_factor *= 2;
    if (vae.scale_factor > kMostReduced)
      corrupt(where, "its tiny autoencoder halves the picture more than 6 times");
    vae.block_out_channels.push_back(shapes.extent(layer + ".weight", 0, 4));
  }
  vae.latent_channels =
      shapes.extent("encoder.layers." + std::to_string(layers - 1) + ".weight", 0, 4);
  const int decoder_channels = shapes.extent("decoder.layers.0.weight", 1, 4);
  if (decoder_channels != vae.latent_channels)
    corrupt(where, "its encoder makes " + std::to_string(vae.latent_channels) +
                       " latent channels, its decoder reads " + std::to_string(decoder_channels) +
                       "; the two files do not belong together");
}

void infer_kl(VaeConfig& vae, const Shapes& shapes, const TensorMap& tensors,
              const std::string& where) {
  refuse_missing(missing_in_vae(tensors), where, "VAE");
  const int levels = count_numbered(tensors, "encoder.down_blocks.");
  if (levels != count_numbered(tensors, "decoder.up_blocks.") || levels > 8)
    corrupt(where, "its VAE has different numbers of levels down and up");
  for (int l = 0; l < levels; ++l) {
    const std::string level = std::to_string(l);
    if (has_prefix(tensors, "encoder.down_blocks." + level + ".attentions.") ||
        has_prefix(tensors, "decoder.up_blocks." + level + ".attentions."))
      throw Error(ErrorKind::Unsupported, where +
                                              ": its VAE attends inside its levels, which no "
                                              "Stable Diffusion VAE does; it cannot be run");
    vae.block_out_channels.push_back(
        shapes.extent("encoder.down_blocks." + level + ".resnets.0.conv1.weight", 0, 4));
  }
  vae.layers_per_block = count_numbered(tensors, "encoder.down_blocks.0.resnets.");
  vae.latent_channels = shapes.extent("decoder.conv_in.weight", 1, 4);
  vae.scale_factor = 1 << (levels - 1);
  vae.quant_conv = tensors.contains("quant_conv.weight");
}

// The per-channel numbers may also lie in the file as tensors, as latent_mean and latent_std.
std::vector<float> channel_numbers(TensorMap& tensors, const ConfigFields& config,
                                   const char* field, const char* tensor, size_t channels,
                                   const std::string& where) {
  const auto found = tensors.find(tensor);
  std::vector<float> stored;
  if (found != tensors.end()) {
    stored = found->second.to_f32();
    if (stored.size() != channels)
      corrupt(where, std::string("tensor '") + tensor + "' is " + to_string(found->second.shape) +
                         ", expected [" + std::to_string(channels) + "]");
    tensors.erase(found);
  }
  return config.numbers(field, channels).value_or(stored);
}

}  // namespace

VaeConfig infer_vae(TensorMap& tensors, const ConfigFields& config, const std::string& where,
                    float usual_scaling, std::vector<std::string>& notes) {
  config.require("act_fn", {"silu", "swish", "relu"});
  VaeConfig vae;
  const Shapes shapes(tensors, where);
  if (is_tiny_vae(tensors))
    infer_tiny(vae, shapes, tensors, where);
  else
    infer_kl(vae, shapes, tensors, where);
  if (!vae.tiny)
    vae.norm_num_groups = infer_groups(config, vae.block_out_channels, "VAE", where, notes);
  infer_latent_scale(vae, tensors, config, where, usual_scaling);
  return vae;
}

void infer_latent_scale(VaeConfig& vae, TensorMap& tensors, const ConfigFields& config,
                        const std::string& where, float usual_scaling) {
  vae.scaling_factor =
      static_cast<float>(config.number("scaling_factor").value_or(vae.tiny ? 1.0 : usual_scaling));
  vae.shift_factor = static_cast<float>(config.number("shift_factor").value_or(0.0));
  const auto channels = static_cast<size_t>(vae.latent_channels);
  vae.latents_mean =
      channel_numbers(tensors, config, "latents_mean", "latent_mean", channels, where);
  vae.latents_std = channel_numbers(tensors, config, "latents_std", "latent_std", channels, where);
  if (vae.latents_mean.empty() != vae.latents_std.empty())
    corrupt(where, "latents_mean and latents_std come only together");
  if (!(vae.scaling_factor > 0) ||
      std::any_of(vae.latents_std.begin(), vae.latents_std.end(), [](float s) { return !(s > 0); }))
    corrupt(where, "scaling_factor and latents_std must be above 0");
}

}  // namespace pentimento
