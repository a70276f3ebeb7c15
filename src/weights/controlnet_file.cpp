#include "weights/controlnet_file.h"

#include <algorithm>

#include "base/error.h"
#include "weights/identify.h"
#include "weights/key_maps.h"
#include "weights/parts.h"
#include "weights/shapes.h"
#include "weights/tensor_file.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

struct Relative {
  const char *sign, *name;
};
// What goes by the name of ControlNet and is built otherwise: a name that only it has.
constexpr Relative kRelatives[] = {
    {"lllite_unet_", "a ControlNet-LLLite"},
    {"lora_controlnet", "a Control-LoRA"},
    {"control_add_embedding.", "a union ControlNet, several kinds in one"},
    {"task_embedding", "a union ControlNet, several kinds in one"},
    {"difference", "a ControlNet stored as a difference from its model"},
    {"controlnet_mode_embedder.", "a ControlNet for a diffusion transformer"},
    {"transformer_blocks.", "a ControlNet for a diffusion transformer"},
};

void refuse_relatives(const TensorMap& tensors, const std::string& where) {
  for (const auto& [sign, name] : kRelatives)
    if (has_prefix(tensors, sign))
      throw Error(ErrorKind::Unsupported,
                  where + ": is " + name +
                      ", which is not supported; use an ordinary ControlNet for SD 1.x, SD 2.x or "
                      "SDXL");
}

fs::path file_in(const fs::path& folder) {
  for (const char* name :
       {"diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors",
        "diffusion_pytorch_model.bin"})
    if (fs::is_regular_file(folder / name)) return folder / name;
  throw Error(ErrorKind::NotFound, folder.string() +
                                       ": holds no ControlNet (expected "
                                       "diffusion_pytorch_model.safetensors)");
}

// The context's width, from whichever cross-attention comes first.
int context_width(const TensorMap& tensors, const Shapes& shapes) {
  constexpr std::string_view kKeys = ".attn2.to_k.weight";
  for (const auto& [name, view] : tensors)
    if (name.ends_with(kKeys)) return shapes.extent(name, 1, 2);
  return 0;
}

Family family_of(const ControlNetFile& file) {
  if (file.cross_attention_dim == 768) return Family::SD1;
  if (file.cross_attention_dim == 1024) return Family::SD2;
  const bool added = file.tensors.contains("add_embedding.linear_1.weight");
  return file.cross_attention_dim == 2048 || (added && file.cross_attention_dim == 0)
             ? Family::SDXL
             : Family::Custom;
}

bool says_shuffle(std::string name) {
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name.find("shuffle") != std::string::npos;
}

}  // namespace

ControlNetFile open_controlnet(const fs::path& path) {
  ControlNetFile result{.path = fs::is_directory(path) ? file_in(path) : path};
  const std::string where = result.path.string();
  TensorMap tensors = read_tensor_file(result.path).tensors;
  refuse_relatives(tensors, where);
  const WeightKind kind = identify(tensors);
  if (kind != WeightKind::ControlNet)
    throw Error(ErrorKind::Unsupported,
                where + ": is " + kind_description(kind) + "; expected a ControlNet");
  if (has_prefix(tensors, "control_model.")) tensors = below(tensors, "control_model.");
  refuse_relatives(tensors, where);
  result.tensors =
      has_prefix(tensors, "input_hint_block.") ? controlnet_to_diffusers(tensors).tensors : tensors;

  const Shapes shapes(result.tensors, where);
  const int channels = shapes.extent("controlnet_cond_embedding.conv_in.weight", 1, 4);
  if (channels != 3)
    throw Error(ErrorKind::Unsupported, where + ": is a ControlNet for pictures of " +
                                            std::to_string(channels) + " channels, expected 3");
  shapes.extent("conv_in.weight", 1, 4);
  result.cross_attention_dim = context_width(result.tensors, shapes);
  result.family = family_of(result);
  // The file of weights does not say it; a folder's configuration does, else the name must.
  result.global_pool = says_shuffle(path.filename().string());
  ConfigFields config;
  if (auto json = read_config(result.path.parent_path() / "config.json"))
    config.add(std::move(*json), "config.json");
  if (config.text("_class_name") == "ControlNetModel") {
    config.require("controlnet_conditioning_channel_order", {"rgb"});
    result.global_pool = config.flag("global_pool_conditions").value_or(result.global_pool);
  }
  return result;
}

}  // namespace pentimento
