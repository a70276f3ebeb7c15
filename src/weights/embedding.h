// Textual inversion (https://arxiv.org/abs/2208.01618): a word for the prompt whose vectors were
// learned. Read from A1111's .pt {"string_to_param": {"*": [n,W]}}, diffusers' .bin
// {"<word>": [W] or [n,W]}, safetensors {"emb_params": [n,W]} and SDXL's pair {"clip_l", "clip_g"};
// also from the JSON that A1111 hides in pictures (pipelines/embedding_picture.h).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/tensor.h"
#include "weights/tensor_view.h"

namespace pentimento {

struct Embedding {
  std::string name;  // how the prompt calls it
  // For each text encoder the vectors [n,W]; n is the same in all. One for SD 1.x and 2.x, two for
  // SDXL (CLIP-L, OpenCLIP-G).
  std::vector<Tensor> vectors;
  std::string hash;  // A1111's: 12 digits of the file's SHA-256; "" when it came in a LoRA

  int tokens() const { return vectors.empty() ? 0 : static_cast<int>(vectors[0].dim(0)); }
  // True when it is as wide as a model whose text encoders have these widths.
  bool fits(const std::vector<int>& widths) const;
};

constexpr int kMaxEmbeddingVectors = 75;  // more fit into no chunk of a prompt

// Tensors of such a file. `where` names it in messages. Throws Unsupported when they are something
// else, CorruptFile for shapes that cannot be.
Embedding embedding_of(const TensorMap& tensors, std::string name, const std::string& where);

// A1111's JSON: tensors are {"TORCHTENSOR": lists of numbers}. Its own "name" wins over `name`.
Embedding embedding_from_json(std::string_view json, std::string name, const std::string& where);

// A .pt, .bin or .safetensors file, with its hash.
Embedding open_embedding(const std::filesystem::path& path, const std::string& name,
                         const std::filesystem::path& cache_dir);

}  // namespace pentimento
