#include "pipelines/loaded_model.h"

#include "pipelines/conditioning.h"

namespace pentimento {

namespace fs = std::filesystem;

LoadedModel load_model(Runtime& runtime, const fs::path& path, const std::optional<fs::path>& vae,
                       const fs::path& cache_dir, const Progress& progress) {
  LoadedModel model;
  Checkpoint checkpoint = open_checkpoint(path);
  model.name = path.has_stem() ? path.stem().string() : path.parent_path().filename().string();
  model.sha256 = checkpoint_sha256(path, cache_dir, progress);
  model.tokenizer = tokenizer_of(checkpoint.config);
  std::optional<VaeFile> vae_file;
  std::string weights_id = model.sha256;
  if (vae) {
    vae_file = open_vae(*vae);
    model.vae_name = vae->filename().string();
    model.vae_sha256 = checkpoint_sha256(*vae, cache_dir, progress);
    weights_id += "+" + model.vae_sha256;
  }
  model.networks = StableDiffusion::load(runtime, std::move(checkpoint), weights_id, std::move(vae_file));
  return model;
}

}  // namespace pentimento
