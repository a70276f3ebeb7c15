// ControlNet's names: those of the UNet's way down, the picture's own convolutions, and the zero
// convolutions that what it finds goes out through.
#include <string>

#include "weights/key_maps.h"

namespace pentimento {
namespace {

constexpr int kHintBlocks = 6;  // between the first and the last convolution, in every file

NameTable controlnet_names(const UnetLayout& layout, int outputs) {
  NameTable table = unet_names(layout);
  const std::string hint = "input_hint_block.", embedding = "controlnet_cond_embedding.";
  table.add(hint + "0", embedding + "conv_in");
  for (int i = 0; i < kHintBlocks; ++i)
    table.add(hint + std::to_string(2 * i + 2), embedding + "blocks." + std::to_string(i));
  table.add(hint + std::to_string(2 * kHintBlocks + 2), embedding + "conv_out");
  for (int i = 0; i < outputs; ++i)
    table.add("zero_convs." + std::to_string(i) + ".0",
              "controlnet_down_blocks." + std::to_string(i));
  table.add("middle_block_out.0", "controlnet_mid_block");
  return table;
}

}  // namespace

Renamed controlnet_to_diffusers(const TensorMap& ldm) {
  const NameTable table =
      controlnet_names(unet_layout_of_ldm(ldm), count_numbered(ldm, "zero_convs."));
  Renamed result;
  for (const auto& [name, tensor] : ldm) {
    std::string other = table.to_diffusers(name);
    if (other.empty())
      result.unknown.push_back(name);
    else
      result.tensors.emplace(std::move(other), tensor);
  }
  return result;
}

}  // namespace pentimento
