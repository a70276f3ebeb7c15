// CLIP in a file or folder of its own: the image tower (for image prompts), and the text tower
// where the file has it (for describing pictures). Presented under transformers' names
// (CLIPVisionModelWithProjection, CLIPModel); OpenCLIP's "visual.transformer.resblocks …" are
// renamed.
#pragma once

#include <filesystem>
#include <optional>

#include "weights/model_config.h"
#include "weights/tensor_view.h"

namespace pentimento {

struct VisionConfig {
  int image_size = 224;  // square edge, pixels
  int patch_size = 14;
  int hidden_size = 1280;
  int layers = 32;
  int heads = 16;
  Activation activation = Activation::Gelu;
  int projection_dim = 1024;  // 0: the file has no projection
  // Per channel, of values 0..1: CLIP's own.
  float mean[3] = {0.48145466f, 0.4578275f, 0.40821073f};
  float deviation[3] = {0.26862954f, 0.26130258f, 0.27577711f};
};

struct ClipFile {
  std::filesystem::path path;
  VisionConfig vision;
  TensorMap vision_tensors;  // "vision_model.embeddings …", "visual_projection.weight"
  std::optional<TextConfig> text;
  TensorMap text_tensors;  // "text_model …", "text_projection.weight"
};

// From a file, or from a folder with model.safetensors or pytorch_model.bin, alone or under
// image_encoder/. Its config.json settles what shapes cannot; without one, the convention of the
// published towers does. Throws Unsupported naming what else the file is, CorruptFile when it is
// incomplete.
ClipFile open_clip(const std::filesystem::path& path);

}  // namespace pentimento
