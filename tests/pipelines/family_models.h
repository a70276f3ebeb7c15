// Tiny models of every family, ready for the jobs: those of tests/golden/models_*.py with a whole
// vocabulary, so that any prompt can be read.
#pragma once

#include <random>

#include "models/tiny_models.h"
#include "pipelines/conditioning.h"
#include "pipelines/loaded_model.h"

namespace pentimento::testing {

inline TensorView owned(Tensor tensor) {
  const auto kept = std::make_shared<const Tensor>(std::move(tensor));
  return {.dtype = DType::F32,
          .shape = kept->shape,
          .bytes = std::as_bytes(std::span(kept->data)),
          .owner = kept};
}

inline Tensor random_tensor(const Shape& shape, float scale, uint32_t seed) {
  std::mt19937 bits(seed);
  Tensor tensor(shape);
  for (float& value : tensor.data)
    value = scale * (static_cast<float>(bits() >> 8) / float{1 << 23} - 1);
  return tensor;
}

// Text encoders that know CLIP's 49408 tokens.
inline Checkpoint with_whole_vocabulary(Checkpoint model) {
  for (size_t i = 0; i < model.text.size(); ++i) {
    TextConfig& config = model.config.text[i];
    config.vocab_size = 49408;
    config.bos_token = 49406;
    config.eos_token = config.pad_token = 49407;
    model.text[i]["text_model.embeddings.token_embedding.weight"] =
        owned(random_tensor({49408, config.hidden_size}, 0.5f, 7));
  }
  return model;
}

inline Checkpoint with_sd1_vae(Checkpoint model) {
  const Checkpoint sd1 = tiny_sd1();
  model.vae = sd1.vae;
  model.config.vae = sd1.config.vae;
  return model;
}

// More input channels, the new ones read by random weights.
inline Checkpoint widened(Checkpoint model, int channels) {
  const TensorView& old = model.unet.at("conv_in.weight");
  const std::vector<float> four = old.to_f32();
  Tensor wide = random_tensor({old.shape[0], channels, 3, 3}, 0.2f, 11);
  for (int64_t out = 0; out < old.shape[0]; ++out)
    std::copy_n(four.begin() + out * 36, 36, wide.data.begin() + out * channels * 9);
  model.unet["conv_in.weight"] = owned(std::move(wide));
  model.config.unet.in_channels = channels;
  return model;
}

inline Checkpoint of_family(const std::string& name) {
  if (name == "sd1") return tiny_sd1();
  if (name == "sd1_inpaint") {
    Checkpoint model = tiny_sd1_with_inputs("inpaint", 9);
    model.config.variant = Variant::Inpaint;
    return model;
  }
  if (name == "sd1_edit") {
    Checkpoint model = tiny_sd1_with_inputs("edit", 8);
    model.config.variant = Variant::Edit;
    return model;
  }
  if (name == "sd2_epsilon") return with_sd1_vae(tiny_sd2());
  if (name == "sd2_v") {
    Checkpoint model = with_sd1_vae(tiny_sd2());
    model.config.scheduler.prediction_type = PredictionType::V;
    return model;
  }
  if (name == "sd2_inpaint") {
    Checkpoint model = widened(with_sd1_vae(tiny_sd2()), 9);
    model.config.variant = Variant::Inpaint;
    return model;
  }
  if (name == "sdxl") return with_sd1_vae(tiny_sdxl());
  if (name == "sdxl_inpaint") {
    Checkpoint model = widened(with_sd1_vae(tiny_sdxl()), 9);
    model.config.variant = Variant::Inpaint;
    return model;
  }
  if (name == "own") {  // as Pentimento's default model: noise, source and mask; v; ends in noise
    Checkpoint model = widened(tiny_sd1(), 9);
    model.config.family = Family::Custom;
    model.config.variant = Variant::SourceConditioned;
    model.config.scheduler.prediction_type = PredictionType::V;
    model.config.scheduler.rescale_betas_zero_snr = true;
    return model;
  }
  throw std::runtime_error("no tiny model of family " + name);
}

inline const std::vector<std::string>& family_names() {
  static const std::vector<std::string> kNames = {"sd1",         "sd1_inpaint",  "sd1_edit",
                                                  "sd2_epsilon", "sd2_v",        "sd2_inpaint",
                                                  "sdxl",        "sdxl_inpaint", "own"};
  return kNames;
}

// Opened as load_model() does. `runtime` must outlive it.
inline LoadedModel loaded_family(Runtime& runtime, const std::string& name) {
  Checkpoint checkpoint = with_whole_vocabulary(of_family(name));
  checkpoint.config.native_size_px = 64;
  checkpoint.config.default_steps = 3;
  const SchedulerConfig& s = checkpoint.config.scheduler;
  LoadedModel model{.networks = nullptr,
                    .tokenizer = tokenizer_of(checkpoint.config),
                    .table = NoiseTable(s.beta_start, s.beta_end, s.beta_schedule,
                                        s.num_train_timesteps, s.rescale_betas_zero_snr),
                    .runtime = runtime.options(),
                    .name = name,
                    .sha256 = "sha-of-" + name,
                    .vae_name = {},
                    .vae_sha256 = {},
                    .cache_dir = {},
                    .extras = {},
                    .loras = {},
                    .open_loras = {}};
  model.networks = StableDiffusion::load(runtime, std::move(checkpoint), /*weights_id=*/"");
  return model;
}

}  // namespace pentimento::testing
