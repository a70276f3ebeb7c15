// A ControlNet in a file or folder of its own, presented under diffusers' names.
// Two layouts: LDM's (control_model.input_blocks …, as lllyasviel and A1111 users have them) and
// diffusers' (ControlNetModel). What it is made for is told from shapes; the rest of its build is
// that of the model it goes beside.
#pragma once

#include <filesystem>

#include "weights/model_config.h"
#include "weights/tensor_view.h"

namespace pentimento {

struct ControlNetFile {
  std::filesystem::path path;
  TensorMap tensors;            // "controlnet_down_blocks.0.weight", "down_blocks.0.resnets.0 …"
  Family family = Family::SD1;  // that it was trained beside: SD1, SD2, SDXL, or Custom
  int cross_attention_dim = 0;  // 768 SD1, 1024 SD2, 2048 SDXL; 0 when it has no cross-attention
  // What it adds is averaged over the picture and kept from the negative prompt ("shuffle").
  bool global_pool = false;
};

// Throws Unsupported naming the kind when the file is something else (a T2I-Adapter, a
// ControlNet-LLLite, a Control-LoRA, a union of several kinds), CorruptFile when it is incomplete.
ControlNetFile open_controlnet(const std::filesystem::path& path);

}  // namespace pentimento
