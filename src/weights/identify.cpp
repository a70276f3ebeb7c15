#include "weights/identify.h"

#include <algorithm>
#include <array>

#include "weights/key_maps.h"
#include "weights/lora_file.h"

namespace pentimento {
namespace {

enum class Where { Begins, Contains, Is };

struct Sign {
  WeightKind kind;
  Where where;
  std::string_view text;
};

using enum WeightKind;
using enum Where;

// In order: the first sign that any name carries decides. Additions come before what they add to,
// because their names quote the names of their targets.
constexpr std::array kSigns = {
    Sign{Lora, Begins, "lora_unet_"},
    Sign{Lora, Begins, "lora_te"},
    Sign{Lora, Begins, "lycoris_"},
    Sign{Lora, Begins, "oft_unet_"},
    Sign{ControlNet, Begins, "control_model."},
    Sign{ControlNet, Begins, "controlnet_"},
    Sign{ControlNet, Begins, "input_hint_block."},
    Sign{ControlNet, Begins, "lllite_unet_"},
    Sign{IpAdapter, Begins, "ip_adapter."},
    Sign{IpAdapter, Begins, "image_proj."},
    Sign{T2iAdapter, Begins, "adapter.body."},
    Sign{T2iAdapter, Begins, "body.0.resnets."},
    Sign{T2iAdapter, Begins, "body.0.block1."},
    Sign{T2iAdapter, Begins, "body.0.in_conv."},
    Sign{MotionModule, Contains, "motion_modules."},
    Sign{Embedding, Begins, "string_to_param."},
    Sign{Embedding, Is, "emb_params"},
    Sign{Embedding, Is, "clip_g"},
    Sign{Embedding, Is, "clip_l"},
    Sign{CatVton, Is, "0.to_q.weight"},
    Sign{Flux, Contains, "double_blocks.0.img_attn."},
    Sign{Flux, Begins, "single_transformer_blocks.0."},
    Sign{StableDiffusion3, Contains, "joint_blocks.0."},
    Sign{StableDiffusion3, Contains, "context_embedder."},
    Sign{OtherTransformer, Contains, "double_layers.0.attn."},
    Sign{OtherTransformer, Contains, "caption_projection."},
    Sign{OtherTransformer, Contains, "cap_embedder."},
    Sign{OtherTransformer, Contains, "double_stream_blocks.0."},
    Sign{OtherTransformer, Contains, "txt_in.individual_token_refiner."},
    Sign{OtherTransformer, Contains, "head.modulation"},
    Sign{OtherTransformer, Contains, "patchify_proj."},
    Sign{OtherTransformer, Contains, "mlp_t5."},
    Sign{OtherTransformer, Contains, "x_embedder.proj."},
    Sign{OtherTransformer, Contains, "encoder.block.0.layer.0.SelfAttention."},
    Sign{OtherLatentDiffusion, Begins, "depth_model."},
    Sign{OtherLatentDiffusion, Begins, "embedder.model."},
    Sign{OtherLatentDiffusion, Begins, "cond_stage_model.roberta."},
    Sign{OtherLatentDiffusion, Begins, "clip_txt_mapper."},
    Sign{OtherLatentDiffusion, Begins, "class_embedding."},
    Sign{OtherLatentDiffusion, Is, "model.diffusion_model.label_emb.weight"},
    Sign{StableDiffusion, Begins, "model.diffusion_model.input_blocks."},
    Sign{StableDiffusion, Begins, "unet.down_blocks."},
    Sign{Unet, Begins, "input_blocks."},
    Sign{Unet, Begins, "down_blocks.0.resnets."},
    Sign{Unet, Begins, "model.diffusion_model."},
    Sign{Vae, Begins, "first_stage_model."},
    Sign{Vae, Begins, "encoder.down."},
    Sign{Vae, Begins, "encoder.down_blocks."},
    Sign{Vae, Begins, "decoder.up."},
    Sign{Vae, Begins, "decoder.up_blocks."},
    Sign{Vae, Begins, "vae.encoder."},
    Sign{TinyAutoencoder, Is, "encoder.layers.0.weight"},
    Sign{TinyAutoencoder, Is, "decoder.layers.0.weight"},
    Sign{TinyAutoencoder, Is, "encoder.0.weight"},
    Sign{TinyAutoencoder, Is, "decoder.1.weight"},
    Sign{TinyAutoencoder, Is, "3.conv.0.weight"},
    Sign{FaceRestorer, Begins, "stylegan_decoder."},
    Sign{FaceRestorer, Begins, "quantize.embedding."},
    Sign{Upscaler, Is, "conv_first.weight"},
    Sign{Upscaler, Begins, "model.1.sub.0."},
    Sign{Upscaler, Begins, "layers.0.residual_group."},
    Sign{Upscaler, Is, "body.0.weight"},
    Sign{ImageEncoder, Contains, "vision_model."},
    Sign{ImageEncoder, Contains, "visual.transformer."},
    Sign{TextEncoder, Contains, "text_model.encoder.layers."},
    Sign{TextEncoder, Contains, "transformer.resblocks."},
    Sign{TextEncoder, Is, "embeddings.token_embedding.weight"},
    Sign{Hypernetwork, Begins, "768."},
    Sign{Hypernetwork, Begins, "1024."},
};

bool carries(const TensorMap& tensors, const Sign& sign) {
  switch (sign.where) {
    case Begins:
      return has_prefix(tensors, sign.text);
    case Is:
      return tensors.contains(sign.text);
    case Contains:
      return std::any_of(tensors.begin(), tensors.end(), [&](const auto& item) {
        return item.first.find(sign.text) != std::string::npos;
      });
  }
  return false;
}

struct Words {
  const char *word, *description;
};

// In the order of the enumeration.
constexpr std::array<Words, 21> kWords = {{
    {"checkpoint", "a Stable Diffusion checkpoint"},
    {"unet", "the UNet of a Stable Diffusion model alone"},
    {"vae", "a VAE; use it beside a model"},
    {"tiny_vae", "a tiny autoencoder; use it in place of a model's VAE"},
    {"text_encoder", "a text encoder, one part of a model"},
    {"lora", "a LoRA, an addition to a model; use it in the prompt as <lora:NAME:1>"},
    {"embedding", "a textual-inversion embedding, a word for the prompt; use it beside a model"},
    {"hypernetwork", "a hypernetwork, an addition to a model that is not supported"},
    {"controlnet", "a ControlNet, an addition to a model"},
    {"t2i_adapter", "a T2I-Adapter, an addition to a model"},
    {"ip_adapter", "an IP-Adapter, an addition to a model"},
    {"motion_module", "a motion module for video (AnimateDiff), an addition to a model"},
    {"image_encoder", "an image encoder (CLIP vision)"},
    {"upscaler", "an upscaling network (ESRGAN and the like)"},
    {"face_restorer", "a face restorer (GFPGAN, CodeFormer)"},
    {"catvton", "the attention layers of CatVTON, for trying on clothes"},
    {"flux", "a Flux model, which is not supported; use an SD 1.x, SD 2.x or SDXL model"},
    {"sd3",
     "a Stable Diffusion 3 model, which is not supported; use an SD 1.x, SD 2.x or SDXL model"},
    {"transformer",
     "a diffusion transformer or a part of one, which is not supported; use an SD 1.x, SD 2.x or "
     "SDXL model"},
    {"other_diffusion",
     "a relative of Stable Diffusion (unCLIP, depth-guided, latent upscaler, AltDiffusion or "
     "Cascade), which is "
     "not supported; use an SD 1.x, SD 2.x or SDXL model"},
    {"unknown", "a file of tensors of no kind that this program knows"},
}};

}  // namespace

WeightKind identify(const TensorMap& tensors) {
  // Some whole checkpoints carry a leftover that looks like a LoRA's.
  if (!has_prefix(tensors, "model.diffusion_model.input_blocks.") && looks_like_lora(tensors))
    return Lora;
  for (const Sign& sign : kSigns)
    if (carries(tensors, sign)) return sign.kind;
  // Embeddings saved by diffusers hold one vector or matrix under the name of their token.
  if (tensors.size() == 1 && tensors.begin()->second.shape.size() <= 2) return Embedding;
  return Unknown;
}

const char* kind_word(WeightKind kind) { return kWords[static_cast<size_t>(kind)].word; }
const char* kind_description(WeightKind kind) {
  return kWords[static_cast<size_t>(kind)].description;
}

}  // namespace pentimento
