#include "weights/clip_file.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "weights/identify.h"
#include "weights/key_maps.h"
#include "weights/parts.h"
#include "weights/shapes.h"
#include "weights/tensor_file.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

fs::path file_in(const fs::path& folder) {
  for (const fs::path& place : {folder, folder / "image_encoder"})
    for (const char* name : {"model.safetensors", "model.fp16.safetensors", "pytorch_model.bin",
                             "open_clip_model.safetensors", "open_clip_pytorch_model.bin"})
      if (fs::is_regular_file(place / name)) return place / name;
  throw Error(ErrorKind::NotFound, folder.string() +
                                       ": holds no CLIP image encoder (expected model.safetensors "
                                       "or pytorch_model.bin)");
}

// Heads are 64 wide but in the two largest towers, which have 16 all the same.
int conventional_heads(int width) { return width > 1024 ? 16 : std::max(1, width / 64); }

// OpenAI's towers, and only they, use the quick activation: ViT-B (768, 512), ViT-L (1024, 768).
Activation conventional_activation(int width, int projection) {
  const bool openai = (width == 768 && projection == 512) || (width == 1024 && projection == 768);
  return openai ? Activation::QuickGelu : Activation::Gelu;
}

Activation activation_of(const ConfigFields& config, Activation otherwise) {
  config.require("hidden_act", {"quick_gelu", "gelu"});
  const auto named = config.text("hidden_act");
  if (!named) return otherwise;
  return *named == "quick_gelu" ? Activation::QuickGelu : Activation::Gelu;
}

void check_heads(int heads, int width, const std::string& where) {
  if (width % heads)
    throw Error(ErrorKind::CorruptFile, where + ": " + std::to_string(heads) +
                                            " attention heads do not divide the width " +
                                            std::to_string(width));
}

VisionConfig infer_vision(const TensorMap& tensors, const ConfigFields& config,
                          const std::string& where) {
  const Shapes shapes(tensors, where);
  const std::string model = "vision_model.", embeddings = model + "embeddings.";
  VisionConfig vision;
  vision.hidden_size = shapes.extent(embeddings + "patch_embedding.weight", 0, 4);
  vision.patch_size = shapes.extent(embeddings + "patch_embedding.weight", 2, 4);
  const int places = shapes.extent(embeddings + "position_embedding.weight", 0, 2);
  const int side = static_cast<int>(std::lround(std::sqrt(static_cast<double>(places - 1))));
  if (side < 1 || side * side + 1 != places || side * vision.patch_size > 4096)
    throw Error(ErrorKind::CorruptFile, where + ": 'position_embedding' has " +
                                            std::to_string(places) +
                                            " rows, expected one more than a square");
  vision.image_size = side * vision.patch_size;
  vision.layers = count_numbered(tensors, model + "encoder.layers.");
  if (vision.layers == 0)
    throw Error(ErrorKind::CorruptFile, where + ": the image tower has no layers");
  vision.projection_dim = tensors.contains("visual_projection.weight")
                              ? shapes.extent("visual_projection.weight", 0, 2)
                              : 0;
  vision.heads = config.integer("num_attention_heads", 1, 1024)
                     .value_or(conventional_heads(vision.hidden_size));
  check_heads(vision.heads, vision.hidden_size, where);
  vision.activation =
      activation_of(config, conventional_activation(vision.hidden_size, vision.projection_dim));
  return vision;
}

TextConfig infer_text_tower(const TensorMap& tensors, const ConfigFields& config,
                            Activation activation, const std::string& where) {
  const Shapes shapes(tensors, where);
  TextConfig text;
  text.vocab_size = shapes.extent("text_model.embeddings.token_embedding.weight", 0, 2);
  text.hidden_size = shapes.extent("text_model.embeddings.token_embedding.weight", 1, 2);
  text.max_positions = shapes.extent("text_model.embeddings.position_embedding.weight", 0, 2);
  text.layers = count_numbered(tensors, "text_model.encoder.layers.");
  text.intermediate_size = shapes.extent("text_model.encoder.layers.0.mlp.fc1.weight", 0, 2);
  text.projection_dim = shapes.extent("text_projection.weight", 0, 2);
  text.heads =
      config.integer("num_attention_heads", 1, 1024).value_or(std::max(1, text.hidden_size / 64));
  check_heads(text.heads, text.hidden_size, where);
  text.activation = activation_of(config, activation);
  return text;
}

bool is_open_clip(const TensorMap& tensors) { return has_prefix(tensors, "visual.transformer."); }

TensorMap only(const TensorMap& tensors, std::string_view module, std::string_view projection) {
  TensorMap kept;
  for (const auto& [name, view] : tensors)
    if ((name.starts_with(module) && !name.ends_with("position_ids")) || name == projection)
      kept.emplace(name, view);
  return kept;
}

}  // namespace

ClipFile open_clip(const fs::path& path) {
  ClipFile clip{.path = fs::is_directory(path) ? file_in(path) : path};
  const std::string where = clip.path.string();
  const TensorMap tensors = read_tensor_file(clip.path).tensors;
  if (identify(tensors) != WeightKind::ImageEncoder)
    throw Error(ErrorKind::Unsupported, where + ": is " + kind_description(identify(tensors)) +
                                            "; expected a CLIP image encoder");
  const TensorMap vision =
      is_open_clip(tensors) ? open_clip_vision_to_diffusers(tensors).tensors : tensors;
  const TensorMap text = is_open_clip(tensors) ? open_clip_to_diffusers(tensors).tensors : tensors;
  clip.vision_tensors = only(vision, "vision_model.", "visual_projection.weight");
  clip.text_tensors = only(text, "text_model.", "text_projection.weight");

  ConfigFields own, vision_config, text_config;
  if (auto json = read_config(clip.path.parent_path() / "config.json"))
    own.add(std::move(*json), (clip.path.parent_path() / "config.json").string());
  const std::string type = own.text("model_type").value_or("");
  if (type == "clip") {
    vision_config = own.object("vision_config");
    text_config = own.object("text_config");
  } else if (type == "clip_vision_model") {
    vision_config = own;
  }
  clip.vision = infer_vision(clip.vision_tensors, vision_config, where);
  if (has_prefix(clip.text_tensors, "text_model.") &&
      clip.text_tensors.contains("text_projection.weight"))
    clip.text = infer_text_tower(clip.text_tensors, text_config, clip.vision.activation, where);
  return clip;
}

}  // namespace pentimento
