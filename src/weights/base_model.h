// Which family of models an addition was made for, told from the widths of the layers it names:
// cross attention reads 768 numbers a token in SD 1.x, 1024 in SD 2.x and 2048 in SDXL.
#pragma once

#include <string>

#include "weights/identify.h"
#include "weights/lora_file.h"

namespace pentimento {

// "SD1" "SD2" "SDXL", a family that this program does not run ("Flux", "SD3", "Wan", "Qwen-Image",
// "Stable Cascade", "another transformer"), or "" when neither shapes nor names tell.
std::string base_of_lora(const LoraParts& lora);
// The same for the other kinds of additions and parts; "" for kinds that fit any model.
std::string base_of_file(WeightKind kind, const TensorMap& tensors);
// What the metadata claims, in the same words: only for files whose tensors do not tell.
std::string base_in_metadata(const std::map<std::string, std::string>& metadata);

// True for "", "SD1", "SD2" and "SDXL".
bool runs_here(const std::string& base);
// "SD 1.x" for people.
std::string spoken_base(const std::string& base);

}  // namespace pentimento
