#include "pipelines/loaded_model.h"

#include "pipelines/conditioning.h"

namespace pentimento {

namespace fs = std::filesystem;

std::string LoadedModel::timing_key(const char* what) const {
  return std::string(what) + " " + to_string(config().family) + " " +
         std::to_string(config().unet.block_out_channels.front()) + " " +
         to_string(runtime.precision) + " " + runtime.device;
}

LoadedModel load_model(Runtime& runtime, const fs::path& path, const std::optional<fs::path>& vae,
                       const fs::path& cache_dir, const Progress& progress) {
  Checkpoint checkpoint = open_checkpoint(path);
  const SchedulerConfig& s = checkpoint.config.scheduler;
  LoadedModel model{.networks = nullptr,
                    .tokenizer = nullptr,
                    .table = NoiseTable(s.beta_start, s.beta_end, s.beta_schedule,
                                        s.num_train_timesteps, s.rescale_betas_zero_snr),
                    .runtime = runtime.options(),
                    .name = {},
                    .sha256 = {},
                    .vae_name = {},
                    .vae_sha256 = {},
                    .cache_dir = cache_dir,
                    .extras = {},
                    .loras = {},
                    .open_loras = {}};
  model.runtime.precision = runtime.precision();
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
  model.networks =
      StableDiffusion::load(runtime, std::move(checkpoint), weights_id, std::move(vae_file));
  return model;
}

}  // namespace pentimento
