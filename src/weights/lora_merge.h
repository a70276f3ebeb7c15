// The arithmetic of LoRA and its relatives: what a module makes of a layer's weight W [out,in,…].
// With s = alpha / rank (1 where the file has no alpha) and m = the strength asked for:
//   LoRA    W + m s up down                            https://arxiv.org/abs/2106.09685
//   DoRA    W + m (magnitude V/|V| - W), V = W + s up down    https://arxiv.org/abs/2402.09353
//   LoHa    W + m s (w1_a w1_b) * (w2_a w2_b)          https://arxiv.org/abs/2108.06098
//   LoKr    W + m s kron(w1, w2)                       LyCORIS
//   OFT     W + m (R - I) W by blocks of rows          https://arxiv.org/abs/2306.07280
//           PEFT's OFT: W + m W (R^T - I) by blocks of columns; before 0.14: of rows
//   GLoRA   W + m s (W a1 a2 + b1 b2)                  https://arxiv.org/abs/2306.07967
//   IA3     W + m W * w                                https://arxiv.org/abs/2205.05638
//   full    W + m diff             s includes LyCORIS' scalar; its sparse part is added to up down
// DoRA at a strength other than 1 is AUTOMATIC1111's and ComfyUI's reading. All in f32.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "weights/lora_file.h"

namespace pentimento {

// Which of a layer's tensors a module changes.
enum class LayerTensor { Weight, Bias };
bool changes(const LoraModule& module, LayerTensor tensor);

// Why the module cannot change a tensor of that shape; nothing when it can. Looks at shapes only.
std::optional<std::string> misfit(const LoraModule& module, LayerTensor tensor, const Shape& shape);

// `values`, of that shape in C order, as the module at strength `multiplier` makes them. Throws
// CorruptFile with the misfit.
void merge(const LoraModule& module, LayerTensor tensor, const Shape& shape, float multiplier,
           std::vector<float>& values);

}  // namespace pentimento
