// What a file of tensors is, told from the names in it. Every kind that people keep beside their
// models has a name here, so that a refusal can say what the file is instead of what it is not.
#pragma once

#include <string>

#include "weights/tensor_view.h"

namespace pentimento {

enum class WeightKind {
  StableDiffusion,  // a whole checkpoint, LDM or diffusers names
  Unet,
  Vae,
  TinyAutoencoder,
  TextEncoder,
  Lora,
  Embedding,
  Hypernetwork,
  ControlNet,
  T2iAdapter,
  IpAdapter,
  MotionModule,
  ImageEncoder,
  Upscaler,
  FaceRestorer,
  CatVton,
  Flux,
  StableDiffusion3,
  OtherTransformer,
  OtherLatentDiffusion,  // unCLIP, depth-guided, AltDiffusion, Cascade …
  Unknown,
};

WeightKind identify(const TensorMap& tensors);

// "lora", "unet" …: a stable word for JSON.
const char* kind_word(WeightKind kind);
// "a LoRA, an addition to a model": completes "FILE is …".
const char* kind_description(WeightKind kind);

}  // namespace pentimento
