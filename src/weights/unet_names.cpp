// The UNet's names: LDM numbers its blocks through all levels, diffusers within each level.
//   input_blocks.0.0          conv_in              output_blocks.N.0   up_blocks.L.resnets.J
//   input_blocks.N.0          down_blocks.L.resnets.J           .N.1   up_blocks.L.attentions.J
//   input_blocks.N.1          down_blocks.L.attentions.J        .N.1|2.conv  ….upsamplers.0.conv
//   input_blocks.N.0.op       down_blocks.L.downsamplers.0.conv
//   middle_block.0 .1 .2      mid_block.resnets.0 .attentions.0 .resnets.1
#include <array>

#include "weights/key_maps.h"

namespace pentimento {
namespace {

using std::to_string;

struct Pair {
  const char *ldm, *diffusers;
};

constexpr std::array kStems = {
    Pair{"time_embed.0", "time_embedding.linear_1"},
    Pair{"time_embed.2", "time_embedding.linear_2"},
    Pair{"time_embed.cond_proj", "time_embedding.cond_proj"},
    Pair{"label_emb.0.0", "add_embedding.linear_1"},
    Pair{"label_emb.0.2", "add_embedding.linear_2"},
    Pair{"input_blocks.0.0", "conv_in"},
    Pair{"out.0", "conv_norm_out"},
    Pair{"out.2", "conv_out"},
};

constexpr std::array kResnet = {
    Pair{"in_layers.0", "norm1"},          Pair{"in_layers.2", "conv1"},
    Pair{"emb_layers.1", "time_emb_proj"}, Pair{"out_layers.0", "norm2"},
    Pair{"out_layers.3", "conv2"},         Pair{"skip_connection", "conv_shortcut"},
};

void add_resnet(NameTable& table, const std::string& ldm, const std::string& diffusers) {
  for (const Pair& pair : kResnet)
    table.add(ldm + "." + pair.ldm, diffusers + "." + pair.diffusers);
}

int transformer_blocks(const TensorMap& tensors, const std::string& attention) {
  return count_numbered(tensors, attention + ".transformer_blocks.");
}

std::vector<UnetLayout::Level> levels_of_diffusers(const TensorMap& tensors,
                                                   const std::string& list,
                                                   const std::string& sampler) {
  std::vector<UnetLayout::Level> levels;
  const int count = count_numbered(tensors, list + ".");
  for (int l = 0; l < count; ++l) {
    const std::string block = list + "." + to_string(l);
    UnetLayout::Level level;
    const int resnets = count_numbered(tensors, block + ".resnets.");
    for (int j = 0; j < resnets; ++j)
      level.transformers.push_back(
          transformer_blocks(tensors, block + ".attentions." + to_string(j)));
    level.resample = has_prefix(tensors, block + "." + sampler + ".");
    levels.push_back(std::move(level));
  }
  return levels;
}

Renamed rename_all(const TensorMap& tensors, const auto& translate) {
  Renamed result;
  for (const auto& [name, tensor] : tensors) {
    std::string other = translate(name);
    if (other.empty())
      result.unknown.push_back(name);
    else
      result.tensors.emplace(std::move(other), tensor);
  }
  return result;
}

}  // namespace

UnetLayout unet_layout_of_ldm(const TensorMap& ldm) {
  UnetLayout layout;
  const int inputs = count_numbered(ldm, "input_blocks.");
  if (inputs > 1) layout.down.emplace_back();
  for (int n = 1; n < inputs; ++n) {
    const std::string block = "input_blocks." + to_string(n);
    if (has_prefix(ldm, block + ".0.op.")) {
      layout.down.back().resample = true;
      layout.down.emplace_back();
    } else {
      layout.down.back().transformers.push_back(transformer_blocks(ldm, block + ".1"));
    }
  }
  const int middles = count_numbered(ldm, "middle_block.");
  for (int n = 0; n < middles; ++n) {
    const std::string block = "middle_block." + to_string(n);
    const int depth = transformer_blocks(ldm, block);
    if (depth > 0)
      layout.mid_transformer = depth;
    else
      ++layout.mid_resnets;
  }
  const int outputs = count_numbered(ldm, "output_blocks.");
  if (outputs > 0) layout.up.emplace_back();
  for (int n = 0; n < outputs; ++n) {
    const std::string block = "output_blocks." + to_string(n);
    layout.up.back().transformers.push_back(transformer_blocks(ldm, block + ".1"));
    if (n + 1 < outputs &&
        (has_prefix(ldm, block + ".1.conv.") || has_prefix(ldm, block + ".2.conv."))) {
      layout.up.back().resample = true;
      layout.up.emplace_back();
    }
  }
  return layout;
}

UnetLayout unet_layout_of_diffusers(const TensorMap& diffusers) {
  return {.down = levels_of_diffusers(diffusers, "down_blocks", "downsamplers"),
          .up = levels_of_diffusers(diffusers, "up_blocks", "upsamplers"),
          .mid_resnets = count_numbered(diffusers, "mid_block.resnets."),
          .mid_transformer = transformer_blocks(diffusers, "mid_block.attentions.0")};
}

NameTable unet_names(const UnetLayout& layout) {
  NameTable table;
  for (const Pair& pair : kStems) table.add(pair.ldm, pair.diffusers);

  int n = 1;
  for (size_t l = 0; l < layout.down.size(); ++l) {
    const std::string block = "down_blocks." + to_string(l);
    for (size_t j = 0; j < layout.down[l].transformers.size(); ++j, ++n) {
      const std::string input = "input_blocks." + to_string(n);
      add_resnet(table, input + ".0", block + ".resnets." + to_string(j));
      if (layout.down[l].transformers[j])
        table.add(input + ".1", block + ".attentions." + to_string(j));
    }
    if (layout.down[l].resample)
      table.add("input_blocks." + to_string(n++) + ".0.op", block + ".downsamplers.0.conv");
  }

  n = 0;
  for (int j = 0; j < layout.mid_resnets; ++j) {
    add_resnet(table, "middle_block." + to_string(n++), "mid_block.resnets." + to_string(j));
    if (j == 0 && layout.mid_transformer)
      table.add("middle_block." + to_string(n++), "mid_block.attentions.0");
  }

  n = 0;
  for (size_t l = 0; l < layout.up.size(); ++l) {
    const std::string block = "up_blocks." + to_string(l);
    const auto& transformers = layout.up[l].transformers;
    for (size_t j = 0; j < transformers.size(); ++j, ++n) {
      const std::string output = "output_blocks." + to_string(n);
      add_resnet(table, output + ".0", block + ".resnets." + to_string(j));
      if (transformers[j]) table.add(output + ".1", block + ".attentions." + to_string(j));
      if (layout.up[l].resample && j + 1 == transformers.size())
        table.add(output + (transformers[j] ? ".2" : ".1") + ".conv", block + ".upsamplers.0.conv");
    }
  }
  return table;
}

Renamed unet_to_diffusers(const TensorMap& ldm) {
  const NameTable table = unet_names(unet_layout_of_ldm(ldm));
  return rename_all(ldm, [&](const std::string& name) {
    // Converters that did not know LCM's layer left its name as it was.
    return name.starts_with("time_embedding.cond_proj.") ? name : table.to_diffusers(name);
  });
}

Renamed unet_to_ldm(const TensorMap& diffusers) {
  const NameTable table = unet_names(unet_layout_of_diffusers(diffusers));
  return rename_all(diffusers, [&](const std::string& name) { return table.to_ldm(name); });
}

}  // namespace pentimento
