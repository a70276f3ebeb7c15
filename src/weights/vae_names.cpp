// The VAE's names: LDM counts the decoder's levels from the output, diffusers in order of use.
//   encoder.down.L.block.J   encoder.down_blocks.L.resnets.J
//   decoder.up.L.block.J     decoder.up_blocks.(levels-1-L).resnets.J
//   mid.block_1 .attn_1 .block_2   mid_block.resnets.0 .attentions.0 .resnets.1
#include <array>

#include "weights/key_maps.h"

namespace pentimento {
namespace {

using std::to_string;

struct Pair {
  const char *ldm, *diffusers;
};

constexpr std::array kResnet = {Pair{"norm1", "norm1"}, Pair{"conv1", "conv1"},
                                Pair{"norm2", "norm2"}, Pair{"conv2", "conv2"},
                                Pair{"nin_shortcut", "conv_shortcut"}};

constexpr std::array kAttention = {Pair{"norm", "group_norm"}, Pair{"q", "to_q"}, Pair{"k", "to_k"},
                                   Pair{"v", "to_v"}, Pair{"proj_out", "to_out.0"}};

constexpr std::array kOldAttention = {Pair{"query", "to_q"}, Pair{"key", "to_k"},
                                      Pair{"value", "to_v"}, Pair{"proj_attn", "to_out.0"}};

constexpr const char* kMidAttention = ".mid_block.attentions.0";

void add_resnet(NameTable& table, const std::string& ldm, const std::string& diffusers) {
  for (const Pair& pair : kResnet)
    table.add(ldm + "." + pair.ldm, diffusers + "." + pair.diffusers);
}

void add_half(NameTable& table, const std::string& half, int levels, int resnets) {
  const bool encoder = half == "encoder";
  table.add(half + ".conv_in", half + ".conv_in");
  table.add(half + ".norm_out", half + ".conv_norm_out");
  table.add(half + ".conv_out", half + ".conv_out");
  for (int l = 0; l < levels; ++l) {
    const std::string ldm =
        half + (encoder ? ".down." + to_string(l) : ".up." + to_string(levels - 1 - l));
    const std::string diffusers = half + (encoder ? ".down_blocks." : ".up_blocks.") + to_string(l);
    for (int j = 0; j < resnets; ++j)
      add_resnet(table, ldm + ".block." + to_string(j), diffusers + ".resnets." + to_string(j));
    // Some VAEs attend in their lowest level too; named so that they are seen, and refused.
    for (int j = 0; j < resnets; ++j)
      table.add(ldm + ".attn." + to_string(j), diffusers + ".attentions." + to_string(j));
    table.add(ldm + (encoder ? ".downsample.conv" : ".upsample.conv"),
              diffusers + (encoder ? ".downsamplers.0.conv" : ".upsamplers.0.conv"));
  }
  add_resnet(table, half + ".mid.block_1", half + ".mid_block.resnets.0");
  add_resnet(table, half + ".mid.block_2", half + ".mid_block.resnets.1");
  for (const Pair& pair : kAttention)
    table.add(half + ".mid.attn_1." + pair.ldm, half + kMidAttention + "." + pair.diffusers);
}

NameTable table_of(int levels, int encoder_resnets, int decoder_resnets) {
  NameTable table;
  table.add("quant_conv", "quant_conv");
  table.add("post_quant_conv", "post_quant_conv");
  add_half(table, "encoder", levels, encoder_resnets);
  add_half(table, "decoder", levels, decoder_resnets);
  return table;
}

bool is_attention_matrix(const std::string& name) {
  return name.find(kMidAttention) != std::string::npos && name.ends_with(".weight") &&
         !name.ends_with("group_norm.weight");
}

// [C,C] in diffusers, where LDM has a 1x1 convolution [C,C,1,1].
TensorView with_rank(const TensorView& tensor, size_t rank) {
  Shape shape = tensor.shape;
  while (shape.size() > 2 && shape.size() > rank && shape.back() == 1) shape.pop_back();
  while (shape.size() >= 2 && shape.size() < rank) shape.push_back(1);
  return tensor.reshaped(shape);
}

}  // namespace

Renamed vae_to_diffusers(const TensorMap& ldm) {
  const NameTable table = table_of(
      std::max(count_numbered(ldm, "encoder.down."), count_numbered(ldm, "decoder.up.")),
      count_numbered(ldm, "encoder.down.0.block."), count_numbered(ldm, "decoder.up.0.block."));
  Renamed result;
  for (const auto& [name, tensor] : ldm) {
    std::string other = table.to_diffusers(name);
    if (other.empty())
      result.unknown.push_back(name);
    else if (is_attention_matrix(other))
      result.tensors.emplace(std::move(other), with_rank(tensor, 2));
    else
      result.tensors.emplace(std::move(other), tensor);
  }
  return result;
}

Renamed vae_to_ldm(const TensorMap& diffusers) {
  const NameTable table = table_of(count_numbered(diffusers, "encoder.down_blocks."),
                                   count_numbered(diffusers, "encoder.down_blocks.0.resnets."),
                                   count_numbered(diffusers, "decoder.up_blocks.0.resnets."));
  Renamed result;
  for (const auto& [name, tensor] : diffusers) {
    std::string other = table.to_ldm(name);
    if (other.empty())
      result.unknown.push_back(name);
    else
      result.tensors.emplace(std::move(other),
                             is_attention_matrix(name) ? with_rank(tensor, 4) : tensor);
  }
  return result;
}

TensorMap vae_modernised(TensorMap diffusers) {
  TensorMap result;
  for (auto& [name, tensor] : diffusers) {
    std::string current = name;
    if (const size_t at = name.find(kMidAttention); at != std::string::npos) {
      const size_t rest = at + std::string_view(kMidAttention).size() + 1;
      for (const Pair& pair : kOldAttention)
        if (std::string_view(name)
                .substr(std::min(rest, name.size()))
                .starts_with(std::string(pair.ldm) + "."))
          current.replace(rest, std::string_view(pair.ldm).size(), pair.diffusers);
    }
    const bool matrix = is_attention_matrix(current);
    result.emplace(std::move(current), matrix ? with_rank(tensor, 2) : tensor);
  }
  return result;
}

// ---- tiny autoencoders: a plain sequence of layers, the decoder's led by a clamp without weights

namespace {

constexpr std::array kHalves = {std::pair{"encoder", 0}, std::pair{"decoder", 1}};

// "7.conv.0.weight" with its number moved by `shift`; "" when it does not begin with a number.
std::string shifted(std::string_view name, int shift) {
  size_t digits = 0;
  int number = 0;
  while (digits < name.size() && digits < 4 && name[digits] >= '0' && name[digits] <= '9')
    number = 10 * number + (name[digits++] - '0');
  if (digits == 0 || digits == name.size() || name[digits] != '.' || number + shift < 0) return "";
  return to_string(number + shift) + std::string(name.substr(digits));
}

}  // namespace

Renamed tiny_vae_to_diffusers(const TensorMap& original) {
  Renamed result;
  for (const auto& [name, tensor] : original) {
    std::string other;
    for (const auto& [half, clamp] : kHalves) {
      const std::string prefix = std::string(half) + ".";
      if (!name.starts_with(prefix)) continue;
      const std::string rest = shifted(std::string_view(name).substr(prefix.size()), -clamp);
      if (!rest.empty()) other = prefix + "layers." + rest;
    }
    if (other.empty())
      result.unknown.push_back(name);
    else
      result.tensors.emplace(std::move(other), tensor);
  }
  return result;
}

Renamed tiny_vae_to_ldm(const TensorMap& diffusers) {
  Renamed result;
  for (const auto& [name, tensor] : diffusers) {
    std::string other;
    for (const auto& [half, clamp] : kHalves) {
      const std::string prefix = std::string(half) + ".layers.";
      if (!name.starts_with(prefix)) continue;
      const std::string rest = shifted(std::string_view(name).substr(prefix.size()), clamp);
      if (!rest.empty()) other = std::string(half) + "." + rest;
    }
    if (other.empty())
      result.unknown.push_back(name);
    else
      result.tensors.emplace(std::move(other), tensor);
  }
  return result;
}

}  // namespace pentimento
