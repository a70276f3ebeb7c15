// A file of changes to a model's layers, taken apart: LoRA (https://arxiv.org/abs/2106.09685) and
// its relatives in the layouts of kohya's sd-scripts, diffusers/PEFT and LyCORIS
// (https://github.com/KohakuBlueleaf/LyCORIS). Each names a layer and puts a suffix behind it:
//   lora_unet_mid_block_attentions_0_proj_in.lora_down.weight     kohya
//   unet.mid_block.attentions.0.proj_in.lora_A.weight             PEFT
//   lycoris_mid_block_attentions_0_proj_in.hada_w1_a              LyCORIS
// Limitations: a sparse part is known only beside up and down; a name that fits none of these is
// listed as unknown.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "weights/tensor_view.h"

namespace pentimento {

enum class LoraMethod { Lora, LoHa, LoKr, Oft, PeftOft, Glora, Ia3, Full, Norm };

// The tensors that together change one layer, by the names that lora_merge.h uses:
//   Lora   down up mid bias_indices … dora_scale magnitude   LoHa  hada_w1_a … hada_t2 dora_scale
//   LoKr   lokr_w1 lokr_w1_a … lokr_t2; all three: alpha scalar   PeftOft  oft_r oft_s coft_eps …
//   Oft    oft_blocks, or oft_diag (rotations themselves), rescale alpha: OFT and BOFT
//   Glora  a1 a2 b1 b2 alpha     Ia3  weight on_input  Full   diff diff_b     Norm  w_norm b_norm
struct LoraModule {
  std::string name;  // the layer, as the file spells it
  LoraMethod method = LoraMethod::Lora;
  std::map<std::string, TensorView, std::less<>> parts;

  const TensorView* find(std::string_view part) const;
  bool is_dora() const { return find("dora_scale") || find("magnitude"); }
};

struct LoraParts {
  std::vector<LoraModule> modules;              // in name order
  std::map<std::string, TensorMap> embeddings;  // "bundle_emb.NAME.…": words that came along
  std::vector<std::string> unknown;             // names that mean nothing here
};

// Never throws: what cannot be understood is unknown.
LoraParts split_lora(const TensorMap& tensors);

// "LoRA", "DoRA", "LoHa, full difference": the methods of all modules, the most frequent first.
std::string method_names(const LoraParts& lora);

// True when some name is that of a change to a layer.
bool looks_like_lora(const TensorMap& tensors);

}  // namespace pentimento
