// A folder as diffusers saves it: model_index.json, and for each part a folder with config.json and
// its weights, whole or in shards, as .safetensors or (older) .bin.
#include <algorithm>
#include <array>

#include "base/error.h"
#include "weights/key_maps.h"
#include "weights/messages.h"
#include "weights/parts.h"
#include "weights/tensor_file.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

// Whole precision first; "fp16" files hold the same tensors, rounded.
std::vector<std::string> candidates(bool transformers) {
  std::vector<std::string> names;
  const std::string stem = transformers ? "model" : "diffusion_pytorch_model";
  const std::string bin = transformers ? "pytorch_model" : "diffusion_pytorch_model";
  for (const std::string& name :
       {stem + ".safetensors", stem + ".safetensors.index.json", stem + ".fp16.safetensors",
        stem + ".safetensors.index.fp16.json", stem + ".fp16.safetensors.index.json", bin + ".bin",
        bin + ".bin.index.json", bin + ".fp16.bin"})
    names.push_back(name);
  return names;
}

// The files a part is stored in: one, or the shards that an index names.
std::vector<fs::path> files_of(const fs::path& folder, bool transformers) {
  for (const std::string& name : candidates(transformers)) {
    const fs::path path = folder / name;
    if (!fs::is_regular_file(path)) continue;
    if (path.extension() != ".json") return {path};
    const auto index = read_config(path);
    const auto map = index ? index->find("weight_map") : nlohmann::json::const_iterator{};
    if (!index || map == index->end() || !map->is_object())
      throw Error(ErrorKind::CorruptFile, path.string() + ": lacks its weight_map");
    std::set<fs::path> shards;
    for (const auto& [tensor, shard] : map->items()) {
      const fs::path file = shard.is_string() ? fs::path(shard.get<std::string>()) : fs::path();
      if (file.empty() || file != file.filename())
        throw Error(ErrorKind::CorruptFile, path.string() + ": sends tensor " + in_quotes(tensor) +
                                                " to something that is no file beside it");
      shards.insert(folder / file);
    }
    return {shards.begin(), shards.end()};
  }
  return {};
}

TensorMap read_part(const fs::path& folder, bool transformers,
                    std::map<std::string, std::string>& metadata) {
  TensorMap tensors;
  for (const fs::path& path : files_of(folder, transformers)) {
    TensorFile file = read_tensor_file(path);
    tensors.merge(file.tensors);
    metadata.merge(file.metadata);
  }
  return tensors;
}

// Published CLIP configs name token numbers that were never true; the tokenizer knows better.
nlohmann::json without_token_numbers(nlohmann::json config) {
  config.erase("pad_token_id");
  if (config.value("eos_token_id", nlohmann::json()) == 2) {
    config.erase("eos_token_id");
    config.erase("bos_token_id");
  }
  return config;
}

std::string pad_word(const fs::path& tokenizer) {
  for (const char* name : {"special_tokens_map.json", "tokenizer_config.json"}) {
    const auto config = read_config(tokenizer / name);
    if (!config) continue;
    nlohmann::json word = config->value("pad_token", nlohmann::json());
    if (word.is_object()) word = word.value("content", nlohmann::json());
    if (word.is_string()) return word.get<std::string>();
  }
  return "";
}

// What the pipeline is called, when it is one whose parts look like ours and are not.
void refuse_other_pipelines(const fs::path& folder) {
  const auto index = read_config(folder / "model_index.json");
  const nlohmann::json name =
      index ? index->value("_class_name", nlohmann::json()) : nlohmann::json();
  if (!name.is_string()) return;
  const std::string pipeline = name.get<std::string>();
  for (const char* unsupported :
       {"Depth2Img", "Upscale", "UnCLIP", "ImageVariation", "ControlNet", "Adapter", "Video",
        "AnimateDiff", "Flux", "Diffusion3", "PixArt", "Kandinsky", "Cascade", "Wuerstchen"})
    if (pipeline.find(unsupported) != std::string::npos)
      throw Error(ErrorKind::Unsupported,
                  folder.string() + ": is a " + in_quotes(pipeline) +
                      ", which is not supported; use an SD 1.x, SD 2.x or SDXL model");
  if (!fs::is_directory(folder / "unet"))
    throw Error(ErrorKind::Unsupported,
                folder.string() + ": is a " + in_quotes(pipeline) +
                    " without a UNet; expected an SD 1.x, SD 2.x or SDXL model");
}

constexpr std::array kTextFolders = {std::pair{"text_encoder", "tokenizer"},
                                     std::pair{"text_encoder_2", "tokenizer_2"}};

}  // namespace

Parts read_diffusers_folder(const fs::path& folder) {
  refuse_other_pipelines(folder);
  Parts parts{.path = folder, .is_folder = true};
  const auto add_config = [&](ConfigFields& fields, const char* file) {
    if (auto config = read_config(folder / file))
      fields.add(std::move(*config), (folder / file).string());
  };
  parts.unet = read_part(folder / "unet", /*transformers=*/false, parts.metadata);
  if (parts.unet.empty())
    throw Error(ErrorKind::NotFound,
                folder.string() +
                    ": no unet/diffusion_pytorch_model.safetensors; expected a model as "
                    "diffusers saves it, or name a single model file");
  parts.vae = normalised_vae(read_part(folder / "vae", /*transformers=*/false, parts.metadata),
                             "vae/", parts.unused);
  add_config(parts.unet_config, "unet/config.json");
  add_config(parts.vae_config, "vae/config.json");
  add_config(parts.scheduler_config, "scheduler/scheduler_config.json");

  for (const auto& [name, tokenizer] : kTextFolders) {
    const Renamed text =
        clip_modernised(read_part(folder / name, /*transformers=*/true, parts.metadata));
    for (const std::string& unknown : text.unknown)
      parts.unused.push_back(std::string(name) + "/" + unknown);
    if (text.tensors.empty()) continue;
    TextPart part{.tensors = text.tensors, .pad_word = pad_word(folder / tokenizer)};
    const fs::path config = folder / name / "config.json";
    if (auto object = read_config(config))
      part.config.add(without_token_numbers(std::move(*object)), config.string());
    parts.text.push_back(std::move(part));
  }
  add_pentimento_config(parts);
  return parts;
}

std::vector<fs::path> weight_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const char* part : {"text_encoder", "text_encoder_2", "unet", "vae"}) {
    const bool transformers = std::string_view(part).starts_with("text");
    for (const fs::path& file : files_of(folder / part, transformers))
      files.push_back(file.lexically_relative(folder));
  }
  // A VAE's folder has its weights right inside.
  if (files.empty())
    for (const auto& entry : fs::directory_iterator(folder))
      for (const char* extension : {".safetensors", ".pth", ".pt", ".ckpt", ".bin"})
        if (entry.is_regular_file() && entry.path().extension() == extension)
          files.push_back(entry.path().filename());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace pentimento
