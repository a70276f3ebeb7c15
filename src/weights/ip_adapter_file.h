// An IP-Adapter in a file of its own: image_proj.* (a picture's CLIP features to tokens) and
// ip_adapter.N.to_k_ip, to_v_ip (N odd) for each cross-attention of the model.
// Layouts read: tencent-ailab's .bin (two nested dictionaries) and .safetensors, which are named
// alike. Limitations: no FaceID, InstantID or portrait variants, which need a face recogniser.
#pragma once

#include <filesystem>

#include "weights/model_config.h"
#include "weights/tensor_view.h"

namespace pentimento {

struct IpAdapterFile {
  enum class Kind { Plain, Plus, Full };
  std::filesystem::path path;
  Kind kind = Kind::Plain;
  TensorMap projection;         // "proj.weight"; plus: "latents", "layers.0.0.to_q.weight" …
  TensorMap attention;          // "1.to_k_ip.weight" …
  int features = 0;             // width of what it reads: plain, the embedding; else hidden states
  int tokens = 0;               // that a picture becomes; 0: as many as the hidden states
  int cross_attention_dim = 0;  // 768 SD1, 1024 SD2, 2048 SDXL
  int attentions = 0;           // cross-attentions it has keys and values for
};
const char* to_string(IpAdapterFile::Kind kind);  // "plain", "plus", "full"

// Throws Unsupported naming FaceID and its like, or what else the file is; CorruptFile when it is
// incomplete.
IpAdapterFile open_ip_adapter(const std::filesystem::path& path);

}  // namespace pentimento
