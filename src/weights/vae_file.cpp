// A VAE in a file or folder of its own.
#include <algorithm>

#include "base/error.h"
#include "weights/checkpoint.h"
#include "weights/identify.h"
#include "weights/key_maps.h"
#include "weights/parts.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

struct Found {
  TensorMap tensors;
  std::map<std::string, std::string> metadata;
};

// The original tiny autoencoders come as two files, each a bare sequence "0.weight",
// "1.conv.0.weight".
bool is_bare_half(const TensorMap& tensors) {
  return tensors.contains("3.conv.0.weight") && !has_prefix(tensors, "encoder.") &&
         !has_prefix(tensors, "decoder.");
}

// The decoder begins with a clamp, which has no weights.
bool is_bare_decoder(const TensorMap& tensors) { return !tensors.contains("0.weight"); }

fs::path sibling(const fs::path& path, bool is_decoder) {
  const std::string own = is_decoder ? "decoder" : "encoder",
                    other = is_decoder ? "encoder" : "decoder";
  std::string name = path.filename().string();
  const size_t at = name.rfind(own);
  if (at == std::string::npos)
    throw Error(ErrorKind::NotFound,
                path.string() + ": is the " + own +
                    " half of a tiny autoencoder, but not called "
                    "so; name the two files …_encoder and …_decoder and put them side by side");
  name.replace(at, own.size(), other);
  fs::path beside = path.parent_path() / name;
  if (!fs::is_regular_file(beside))
    throw Error(ErrorKind::NotFound, path.string() + ": is the " + own +
                                         " half of a tiny autoencoder; the " + other + " half, " +
                                         name + ", is not beside it");
  return beside;
}

TensorMap join_pair(const fs::path& path, const TensorMap& half) {
  const bool is_decoder = is_bare_decoder(half);
  const TensorFile other = read_tensor_file(sibling(path, is_decoder));
  if (!is_bare_half(other.tensors) || is_bare_decoder(other.tensors) == is_decoder)
    throw Error(ErrorKind::CorruptFile, other.path.string() + ": is not the " +
                                            (is_decoder ? "encoder" : "decoder") + " half that " +
                                            path.filename().string() + " needs");
  TensorMap joined;
  for (const auto& [name, tensor] : half)
    joined.emplace((is_decoder ? "decoder." : "encoder.") + name, tensor);
  for (const auto& [name, tensor] : other.tensors)
    joined.emplace((is_decoder ? "encoder." : "decoder.") + name, tensor);
  return joined;
}

Found read_file(const fs::path& path) {
  TensorFile file = read_tensor_file(path);
  if (is_bare_half(file.tensors)) return {join_pair(path, file.tensors), std::move(file.metadata)};
  const WeightKind kind = identify(file.tensors);
  if (kind != WeightKind::Vae && kind != WeightKind::TinyAutoencoder &&
      kind != WeightKind::StableDiffusion)
    throw Error(ErrorKind::Unsupported,
                path.string() + ": is " + kind_description(kind) + "; expected a VAE");
  for (const char* prefix : {"first_stage_model.", "vae."})
    if (has_prefix(file.tensors, prefix))
      return {below(file.tensors, prefix), std::move(file.metadata)};
  if (kind == WeightKind::StableDiffusion)
    throw Error(ErrorKind::Unsupported,
                path.string() + ": is a checkpoint without a VAE inside; expected a VAE");
  return {std::move(file.tensors), std::move(file.metadata)};
}

// In a folder: diffusers' own file, that of its vae/ folder, or the encoder half of a pair.
fs::path file_in(const fs::path& folder) {
  for (const fs::path& place : {folder, folder / "vae"})
    for (const char* name :
         {"diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors",
          "diffusion_pytorch_model.bin"})
      if (fs::is_regular_file(place / name)) return place / name;
  std::vector<fs::path> halves;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().stem().string().ends_with("encoder") && entry.is_regular_file())
      halves.push_back(entry.path());
  if (halves.size() == 1) return halves[0];
  throw Error(ErrorKind::NotFound,
              folder.string() +
                  ": holds no VAE (expected diffusion_pytorch_model.safetensors, or "
                  "one pair …_encoder and …_decoder)");
}

}  // namespace

VaeFile open_vae(const fs::path& path, const VaeConfig* model) {
  const fs::path file = fs::is_directory(path) ? file_in(path) : path;
  Found found = read_file(file);
  Parts parts{.path = file, .metadata = std::move(found.metadata)};
  const fs::path beside = file.parent_path() / "config.json";
  if (auto config = read_config(beside))
    if (const auto name = config->find("_class_name");
        name != config->end() && name->is_string() &&
        name->get<std::string>().starts_with("Autoencoder"))
      parts.vae_config.add(std::move(*config), beside.string());
  add_pentimento_config(parts);

  VaeFile vae{.path = file};
  std::vector<std::string> ignored, notes;
  vae.tensors = normalised_vae(found.tensors, "", ignored);
  const float usual = model && !model->tiny ? model->scaling_factor : VaeConfig{}.scaling_factor;
  vae.config = infer_vae(vae.tensors, parts.vae_config, file.string(), usual, notes);
  if (model && vae.config.latents_std.empty() &&
      model->latents_std.size() == static_cast<size_t>(vae.config.latent_channels)) {
    vae.config.latents_mean = model->latents_mean;
    vae.config.latents_std = model->latents_std;
  }
  return vae;
}

}  // namespace pentimento
