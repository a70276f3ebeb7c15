// The UNet's build, read off its tensors.
#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "weights/key_maps.h"
#include "weights/parts.h"
#include "weights/shapes.h"

namespace pentimento {
namespace {

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

}  // namespace pentimento
