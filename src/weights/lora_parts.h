// What the formulas of lora_merge.h share. Private to weights/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "weights/lora_file.h"

namespace pentimento {

using Reason = std::optional<std::string>;  // why something does not fit

// s: a rank's share of alpha. Files without alpha, and with the 0 that some trainers write, mean 1.
float scale_of(const LoraModule& module, int64_t rank);
void scale_all(std::vector<float>& values, float scale);

// s times LyCORIS' trained scalar, of low ranks.
float delta_scale(const LoraModule& module, int64_t rank);
Reason scalar_misfit(const LoraModule& m);

// LyCORIS' sparse part of a change: added before s, as AUTOMATIC1111 does.
bool is_sparse(const LoraModule& m);
Reason sparse_misfit(const LoraModule& m, const Shape& shape);
void add_sparse(const LoraModule& m, std::vector<float>& delta);  // throws CorruptFile

// OFT and BOFT: blocks of a weight's rows turned.
Reason oft_misfit(const LoraModule& m, const Shape& shape);
void merge_oft(const LoraModule& m, const Shape& shape, float multiplier,
               std::vector<float>& values);

// PEFT's own OFT: blocks of a weight's columns turned. "neumann_terms" (0: exactly) and "coft_eps"
// come from its configuration. Before 0.16, with square blocks: lora_peft_oft_square.cpp.
Reason peft_oft_misfit(const LoraModule& m, const Shape& shape);
void merge_peft_oft(const LoraModule& m, const Shape& shape, float multiplier,
                    std::vector<float>& values);

bool has_square_blocks(const LoraModule& m);
Reason square_oft_misfit(const LoraModule& m, const Shape& shape);
void merge_square_oft(const LoraModule& m, const Shape& shape, float multiplier,
                      std::vector<float>& values);

// DoRA: v <- v with each row's (or input's) norm set to the module's magnitude.
Reason dora_misfit(const LoraModule& m, const Shape& shape);
void set_norms(const LoraModule& m, const Shape& shape, std::vector<float>& v);

}  // namespace pentimento
