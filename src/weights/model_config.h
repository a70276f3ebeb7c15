// What shapes alone cannot say about a Stable Diffusion model, and what they can, as plain values.
// Field names are diffusers' config.json names where it has them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/tensor.h"

namespace pentimento {

enum class Family { SD1, SD2, SDXL, Custom };  // Custom: trained with pentimento.config
// Edit: instruct-pix2pix. SourceConditioned: 2C+1 channels, the source latent (0 where hidden) and
// a mask (1 = hidden, to be painted) behind the noisy latent.
enum class Variant { Base, Inpaint, Edit, Refiner, SourceConditioned };
enum class PredictionType { Epsilon, V };
const char* to_string(Family family);  // "SD1", …
const char* to_string(Variant variant);
const char* to_string(PredictionType type);  // "epsilon", "v_prediction"

struct UnetConfig {
  int in_channels = 4;
  int out_channels = 4;
  std::vector<int> block_out_channels;  // [320,640,1280,1280]
  std::vector<int> layers_per_block;    // resnets per down block; up blocks have one more
  std::vector<int> transformer_layers;  // per down block, 0 = no attention: SDXL [0,2,10]
  int mid_transformer_layers = 1;       // 0 = no attention; -1 = no mid block at all
  std::vector<int> attention_heads;     // per down block
  int mid_attention_heads = 8;
  int cross_attention_dim = 768;
  bool linear_projection = false;  // proj_in/out are linear (SD2, SDXL), else 1x1 conv
  int time_embed_dim = 1280;
  int added_channels = 0;       // width of the vector into add_embedding: 0, 2816 …
  int added_time_ids = 0;       // how many of them are sinusoids of sizes (SDXL: 6)
  bool time_cond_proj = false;  // LCM: time_embedding.cond_proj takes the guidance scale
  int norm_num_groups = 32;
};

struct VaeConfig {
  bool tiny = false;  // TAESD family
  int latent_channels = 4;
  int scale_factor = 8;                 // pixels per latent pixel
  std::vector<int> block_out_channels;  // [128,256,512,512]; tiny: 64-wide blocks
  int layers_per_block = 2;
  int norm_num_groups = 32;
  bool quant_conv = true;
  float scaling_factor = 0.18215f;  // latent = (z - shift) * scaling
  float shift_factor = 0.0f;
  std::vector<float> latents_mean,
      latents_std;  // per channel, when present: z_n = (z - mean) / std
};

enum class Activation { QuickGelu, Gelu };

struct TextConfig {
  int vocab_size = 49408;
  int hidden_size = 768;
  int intermediate_size = 3072;
  int layers = 12;
  int heads = 12;
  int max_positions = 77;
  Activation activation = Activation::QuickGelu;
  int projection_dim = 0;        // 0: no pooled projection
  int default_hidden_state = 0;  // counted from the end: 0/1 = last layer, 2 = penultimate
  bool final_norm = true;        // final LayerNorm applied to the hidden state that is used
  int pad_token = 49407;         // fills a chunk after its first end token: 49407 (= end) or 0
  int bos_token = 49406;
  int eos_token = 49407;
};

struct SchedulerConfig {
  PredictionType prediction_type = PredictionType::Epsilon;
  bool prediction_type_is_certain = true;  // false: convention only; SD2 may be settled by a probe
  double beta_start = 0.00085;
  double beta_end = 0.012;
  std::string beta_schedule = "scaled_linear";  // or "linear"
  int num_train_timesteps = 1000;
  bool rescale_betas_zero_snr = false;
};

struct ModelConfig {
  Family family = Family::SD1;
  Variant variant = Variant::Base;
  bool distilled = false;  // LCM or Turbo: few steps, cfg 1..2
  UnetConfig unet;
  VaeConfig vae;
  std::vector<TextConfig> text;  // one, or two for SDXL
  SchedulerConfig scheduler;
  int native_size_px = 512;  // square edge the model was trained at
  int default_steps = 20;
  float default_cfg = 7.0f;
  std::string tokenizer_merges;    // pentimento.config: a model's own merges text, else empty
  std::vector<std::string> notes;  // how each uncertain field was decided, for `inspect`
};

}  // namespace pentimento
