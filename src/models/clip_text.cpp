#include "models/clip_text.h"

#include <algorithm>

#include "base/error.h"
#include "models/clip_layer.h"
#include "models/graph.h"
#include "nn/layers.h"

namespace pentimento::models {
namespace {

using nn::Node;
using nn::Weights;

// Rows of zeros up to a multiple of 16 positions; the causal mask hides them from the real ones.
// With 77 rows the CPU plugin's attention rounds differently for different thread counts.
Node pad_positions(const Node& x) {
  const Shape s = nn::shape_of(x);
  const int64_t extra = (16 - s[0] % 16) % 16;
  return extra == 0 ? x : nn::concat({x, nn::constant({extra, s[1]}, {0.0f})}, 0);
}

}  // namespace

std::shared_ptr<ov::Model> clip_text(const Weights& w, const TextConfig& config,
                                     const ClipTextOutputs& outputs) {
  const Weights text = w / "text_model";
  GraphInputs inputs;
  const Shape rows{config.max_positions, config.hidden_size}, chunk{1, rows[0], rows[1]};
  const Node embeddings = nn::reshape(inputs.add("embeddings", chunk), rows);
  const Node positions = (text / "embeddings" / "position_embedding").tensor("weight", rows);

  const int last = config.layers - (outputs.pooled ? 0 : outputs.layers_skipped);
  Node x = pad_positions(nn::add(embeddings, positions));
  Node hidden = x;
  for (int i = 0; i < last; ++i) {
    if (i == config.layers - outputs.layers_skipped) hidden = x;
    x = clip_layer(text / "encoder" / "layers" / static_cast<size_t>(i), x, config.heads,
                   config.activation, nn::Mask::Causal);
  }
  if (last == config.layers - outputs.layers_skipped) hidden = x;
  hidden = nn::slice(hidden, 0, 0, config.max_positions);

  GraphOutputs results;
  if (outputs.final_norm) hidden = nn::layer_norm(text / "final_layer_norm", hidden);
  results.add("hidden", nn::reshape(hidden, chunk));
  if (outputs.pooled) {
    const Node normed = nn::layer_norm(text / "final_layer_norm", x);
    const Node eos = inputs.add("eos", {1}, ov::element::i64);
    results.add("pooled", nn::linear(w / "text_projection", nn::gather(normed, eos, 0)));
  }
  return make_model("clip_text", inputs, results);
}

Tensor embed_tokens(const Weights& w, const TextConfig& config, std::span<const int64_t> tokens) {
  const auto width = config.hidden_size;
  const TensorView& table = (w / "text_model" / "embeddings" / "token_embedding")
                                .view("weight", {config.vocab_size, width});
  Tensor rows({1, static_cast<int64_t>(tokens.size()), width});
  auto out = rows.data.begin();
  for (int64_t token : tokens) {
    if (token < 0 || token >= config.vocab_size)
      throw Error(ErrorKind::InvalidArgument, "token " + std::to_string(token) +
                                                  " is outside the text encoder's vocabulary of " +
                                                  std::to_string(config.vocab_size));
    const std::vector<float> row = table.rows(token, token + 1).to_f32();
    out = std::copy(row.begin(), row.end(), out);
  }
  return rows;
}

}  // namespace pentimento::models
