// A text encoder in a file of its own, as ComfyUI keeps them (models/text_encoders, models/clip):
// CLIP-L, OpenCLIP-H and their relatives under transformers' or OpenCLIP's names, with or without a
// prefix. T5 and other language models are none of these.
// Limitations: one encoder; SDXL needs two.
#pragma once

#include <filesystem>

#include "weights/model_config.h"
#include "weights/tensor_view.h"

namespace pentimento {

struct TextEncoderFile {
  TensorMap tensors;  // diffusers names
  TextConfig config;
};

// Whether it is one, from the names in it. Throws what read_tensor_file throws.
bool is_text_encoder_file(const std::filesystem::path& path);

// For a UNet of that family. Throws Unsupported for a file of another kind, and for SDXL;
// CorruptFile when tensors are missing or of impossible shapes.
TextEncoderFile open_text_encoder(const std::filesystem::path& path, Family family);

}  // namespace pentimento
