// The networks' builds, read off their tensors.
#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "weights/key_maps.h"
#include "weights/messages.h"
#include "weights/parts.h"

namespace pentimento {
namespace {

constexpr int kWidest = 1 << 20;

// Extents of named tensors, each checked before it is believed.
class Shapes {
 public:
  Shapes(const TensorMap& tensors, std::string where)
      : tensors_(tensors), where_(std::move(where)) {}

  size_t rank(const std::string& name) const { return find(name).shape.size(); }
  int extent(const std::string& name, size_t axis, size_t at_least_rank) const {
    const Shape& shape = find(name).shape;
    if (shape.size() < at_least_rank || shape.at(axis) < 1 || shape[axis] > kWidest)
      throw Error(ErrorKind::CorruptFile, where_ + ": tensor " + in_quotes(name) +
                                              " has the impossible shape " + to_string(shape));
    return static_cast<int>(shape[axis]);
  }

 private:
  const TensorView& find(const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end())
      throw Error(ErrorKind::CorruptFile,
                  where_ + ": lacks the tensor " + in_quotes(name) + "; download it again");
    return found->second;
  }
  const TensorMap& tensors_;
  std::string where_;
};

[[noreturn]] void corrupt(const std::string& where, const std::string& what) {
  throw Error(ErrorKind::CorruptFile, where + ": " + what);
}

// What diffusers can build and this program does not: each field with the values that are fine.
void require_known_unet(const ConfigFields& config) {
  config.require("act_fn", {"silu", "swish"});
  config.require("addition_embed_type", {"text_time", "text"});
  config.require("attention_type", {"default"});
  config.require("center_input_sample", {false});
  config.require("class_embed_type", nlohmann::json::array());
  config.require("dual_cross_attention", {false});
  config.require("encoder_hid_dim", nlohmann::json::array());
  config.require("flip_sin_to_cos", {true});
  config.require("freq_shift", {0});
  config.require("num_class_embeds", nlohmann::json::array());
  config.require("only_cross_attention", {false});
  config.require("resnet_time_scale_shift", {"default"});
  config.require("time_embedding_type", {"positional"});
}

// By convention 32, or for narrow networks the largest number of groups that fits every width.
int infer_groups(const ConfigFields& config, const std::vector<int>& widths, const char* network,
                 const std::string& where, std::vector<std::string>& notes) {
  const auto named = config.integer("norm_num_groups", 1, 4096);
  int groups = named.value_or(32);
  if (!named) {
    for (const int width : widths) groups = std::gcd(groups, width);
    if (groups != 32)
      notes.push_back(std::string(network) + ": " + std::to_string(groups) +
                      " norm groups, the most that fit its widths");
  }
  for (const int width : widths)
    if (width % groups)
      corrupt(where, std::to_string(groups) + " norm groups do not divide a width of " +
                         std::to_string(width) + "; correct norm_num_groups");
  return groups;
}

std::string first_attention(const UnetLayout& layout) {
  const auto search = [](const std::vector<UnetLayout::Level>& levels,
                         const std::string& list) -> std::string {
    for (size_t l = 0; l < levels.size(); ++l)
      for (size_t j = 0; j < levels[l].transformers.size(); ++j)
        if (levels[l].transformers[j])
          return list + std::to_string(l) + ".attentions." + std::to_string(j);
    return "";
  };
  std::string found = search(layout.down, "down_blocks.");
  if (found.empty() && layout.mid_transformer) found = "mid_block.attentions.0";
  return found.empty() ? search(layout.up, "up_blocks.") : found;
}

void infer_heads(UnetConfig& unet, const ConfigFields& config, const std::string& where) {
  const size_t levels = unet.block_out_channels.size();
  // diffusers' "attention_head_dim" has meant the number of heads from the beginning.
  auto heads = config.integers("num_attention_heads", levels, 1, 4096);
  if (!heads) heads = config.integers("attention_head_dim", levels, 1, 4096);
  if (heads) {
    unet.attention_heads = *heads;
  } else {
    for (const int width : unet.block_out_channels)
      unet.attention_heads.push_back(unet.linear_projection ? std::max(1, width / 64) : 8);
  }
  unet.mid_attention_heads = unet.attention_heads.back();
  for (size_t i = 0; i < levels; ++i) {
    const bool used =
        unet.transformer_layers[i] || (i + 1 == levels && unet.mid_transformer_layers > 0);
    if (used && unet.block_out_channels[i] % unet.attention_heads[i])
      corrupt(where, std::to_string(unet.attention_heads[i]) +
                         " attention heads do not divide the width " +
                         std::to_string(unet.block_out_channels[i]) + " of level " +
                         std::to_string(i) +
                         "; name the heads in a config.json or in pentimento.config");
  }
}

}  // namespace

void refuse_missing(const std::vector<std::string>& missing, const std::string& where,
                    const char* part) {
  if (missing.empty()) return;
  constexpr size_t kShown = 3;
  std::string names;
  for (size_t i = 0; i < std::min(kShown, missing.size()); ++i)
    names += (i ? ", " : "") + in_quotes(missing[i]);
  corrupt(where, std::string("the ") + part + " lacks " + std::to_string(missing.size()) +
                     (missing.size() == 1 ? " tensor: " : " tensors: ") + names +
                     (missing.size() > kShown ? ", …" : "") +
                     "; the file is incomplete, get it again");
}

UnetConfig infer_unet(const TensorMap& tensors, const ConfigFields& config,
                      const std::string& where, std::vector<std::string>& notes) {
  require_known_unet(config);
  refuse_missing(missing_in_unet(tensors), where, "UNet");
  const UnetLayout layout = unet_layout_of_diffusers(tensors);
  const Shapes shapes(tensors, where);
  UnetConfig unet;
  unet.in_channels = shapes.extent("conv_in.weight", 1, 4);
  unet.out_channels = shapes.extent("conv_out.weight", 0, 4);
  for (size_t l = 0; l < layout.down.size(); ++l) {
    const auto& transformers = layout.down[l].transformers;
    unet.block_out_channels.push_back(
        shapes.extent("down_blocks." + std::to_string(l) + ".resnets.0.conv1.weight", 0, 4));
    unet.layers_per_block.push_back(static_cast<int>(transformers.size()));
    unet.transformer_layers.push_back(*std::max_element(transformers.begin(), transformers.end()));
  }
  if (layout.up.size() != layout.down.size())
    corrupt(where, "the UNet has " + std::to_string(layout.down.size()) + " levels down and " +
                       std::to_string(layout.up.size()) + " up, expected as many");
  unet.mid_transformer_layers = layout.mid_resnets ? layout.mid_transformer : -1;
  unet.time_embed_dim = shapes.extent("time_embedding.linear_1.weight", 0, 2);
  unet.time_cond_proj = tensors.contains("time_embedding.cond_proj.weight");

  const std::string attention = first_attention(layout);
  if (attention.empty())
    throw Error(ErrorKind::Unsupported,
                where +
                    ": its UNet has no cross-attention, so it takes no prompt; this "
                    "is no Stable Diffusion model");
  unet.linear_projection = shapes.rank(attention + ".proj_in.weight") == 2;
  unet.cross_attention_dim =
      shapes.extent(attention + ".transformer_blocks.0.attn2.to_k.weight", 1, 2);
  if (tensors.contains("add_embedding.linear_1.weight"))
    unet.added_channels = shapes.extent("add_embedding.linear_1.weight", 1, 2);

  unet.norm_num_groups = infer_groups(config, unet.block_out_channels, "UNet", where, notes);
  infer_heads(unet, config, where);
  return unet;
}

namespace {

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

namespace {

Activation infer_activation(const TextPart& part, size_t index, Family family,
                            const std::string& where) {
  const auto named = part.config.text("hidden_act");
  if (named == "quick_gelu") return Activation::QuickGelu;
  if (named == "gelu") return Activation::Gelu;
  if (named)
    throw Error(ErrorKind::Unsupported, where + ": the text encoder's activation " +
                                            in_quotes(*named) +
                                            " is unknown, expected quick_gelu or gelu");
  const bool gelu =
      part.open_clip || family == Family::SD2 || (family == Family::SDXL && index == 1);
  return gelu ? Activation::Gelu : Activation::QuickGelu;
}

// Which layer the UNet was trained on, counted from the end.
void infer_hidden_state(TextConfig& text, const TextPart& part, Family family) {
  // OpenCLIP-H has 24 layers and SD2 reads the last but one. Folders and some pruned files leave
  // the unread last layer out, and then read the last they have.
  const bool reads_penultimate = part.open_clip && text.layers != 23;
  text.default_hidden_state = family == Family::SDXL || reads_penultimate ? 2 : 1;
  text.final_norm = family != Family::SDXL;
  text.default_hidden_state =
      part.config.integer("hidden_state", 1, text.layers).value_or(text.default_hidden_state);
  text.final_norm = part.config.flag("final_norm").value_or(text.final_norm);
}

}  // namespace

TextConfig infer_text(const TextPart& part, size_t index, Family family, const std::string& where) {
  refuse_missing(missing_in_text(part.tensors), where, "text encoder");
  const Shapes shapes(part.tensors, where);
  TextConfig text;
  text.vocab_size = shapes.extent("text_model.embeddings.token_embedding.weight", 0, 2);
  text.hidden_size = shapes.extent("text_model.embeddings.token_embedding.weight", 1, 2);
  text.max_positions = shapes.extent("text_model.embeddings.position_embedding.weight", 0, 2);
  text.layers = count_numbered(part.tensors, "text_model.encoder.layers.");
  text.intermediate_size = shapes.extent("text_model.encoder.layers.0.mlp.fc1.weight", 0, 2);
  if (part.tensors.contains("text_projection.weight"))
    text.projection_dim = shapes.extent("text_projection.weight", 0, 2);

  text.heads = part.config.integer("num_attention_heads", 1, 4096)
                   .value_or(std::max(1, text.hidden_size / 64));
  if (text.hidden_size % text.heads)
    corrupt(where, std::to_string(text.heads) +
                       " attention heads do not divide the text encoder's width " +
                       std::to_string(text.hidden_size));
  text.activation = infer_activation(part, index, family, where);
  infer_hidden_state(text, part, family);

  // CLIP's vocabulary ends with its begin and end tokens; words added by training come after.
  const int last = std::min(text.vocab_size, 49408) - 1;
  text.eos_token = part.config.integer("eos_token_id", 0, text.vocab_size - 1).value_or(last);
  text.bos_token =
      part.config.integer("bos_token_id", 0, text.vocab_size - 1).value_or(std::max(0, last - 1));
  const bool pads_with_zero = part.pad_word.empty() ? part.open_clip || family == Family::SD2 ||
                                                          (family == Family::SDXL && index == 1)
                                                    : part.pad_word == "!";
  text.pad_token = part.config.integer("pad_token_id", 0, text.vocab_size - 1)
                       .value_or(pads_with_zero ? 0 : text.eos_token);
  return text;
}

}  // namespace pentimento
