// The text encoder's build, read off its tensors.
#include <algorithm>

#include "base/error.h"
#include "weights/key_maps.h"
#include "weights/messages.h"
#include "weights/parts.h"
#include "weights/shapes.h"

namespace pentimento {
namespace {

Activation infer_activation(const TextPart& part, size_t index, Family family,
                            const std::string& where) {
  const auto named = part.config.text("hidden_act");
  if (named == "quick_gelu") return Activation::QuickGelu;
  if (named == "gelu") return Activation::Gelu;
  if (named)
    throw Error(ErrorKind::Unsupported, where + ": the text encoder's activation " +
                                            in_quotes(*named) +
                                            " is unknown, expected quick_gelu or gelu");
  const bool gelu =
      part.open_clip || family == Family::SD2 || (family == Family::SDXL && index == 1);
  return gelu ? Activation::Gelu : Activation::QuickGelu;
}

// Which layer the UNet was trained on, counted from the end.
void infer_hidden_state(TextConfig& text, const TextPart& part, Family family) {
  // OpenCLIP-H has 24 layers and SD2 reads the last but one. Folders and some pruned files leave
  // the unread last layer out, and then read the last they have.
  const bool reads_penultimate = part.open_clip && text.layers != 23;
  text.default_hidden_state = family == Family::SDXL || reads_penultimate ? 2 : 1;
  text.final_norm = family != Family::SDXL;
  text.default_hidden_state =
      part.config.integer("hidden_state", 1, text.layers).value_or(text.default_hidden_state);
  text.final_norm = part.config.flag("final_norm").value_or(text.final_norm);
}

}  // namespace

TextConfig infer_text(const TextPart& part, size_t index, Family family, const std::string& where) {
  refuse_missing(missing_in_text(part.tensors), where, "text encoder");
  const Shapes shapes(part.tensors, where);
  TextConfig text;
  text.vocab_size = shapes.extent("text_model.embeddings.token_embedding.weight", 0, 2);
  text.hidden_size = shapes.extent("text_model.embeddings.token_embedding.weight", 1, 2);
  text.max_positions = shapes.extent("text_model.embeddings.position_embedding.weight", 0, 2);
  text.layers = count_numbered(part.tensors, "text_model.encoder.layers.");
  text.intermediate_size = shapes.extent("text_model.encoder.layers.0.mlp.fc1.weight", 0, 2);
  if (part.tensors.contains("text_projection.weight"))
    text.projection_dim = shapes.extent("text_projection.weight", 0, 2);

  text.heads = part.config.integer("num_attention_heads", 1, 4096)
                   .value_or(std::max(1, text.hidden_size / 64));
  if (text.hidden_size % text.heads)
    throw Error(ErrorKind::CorruptFile,
                where + ": " + std::to_string(text.heads) +
                    " attention heads do not divide the text encoder's width " +
                    std::to_string(text.hidden_size));
  text.activation = infer_activation(part, index, family, where);
  infer_hidden_state(text, part, family);

  // CLIP's vocabulary ends with its begin and end tokens; words added by training come after.
  const int last = std::min(text.vocab_size, 49408) - 1;
  text.eos_token = part.config.integer("eos_token_id", 0, text.vocab_size - 1).value_or(last);
  text.bos_token =
      part.config.integer("bos_token_id", 0, text.vocab_size - 1).value_or(std::max(0, last - 1));
  const bool pads_with_zero = part.pad_word.empty() ? part.open_clip || family == Family::SD2 ||
                                                          (family == Family::SDXL && index == 1)
                                                    : part.pad_word == "!";
  text.pad_token = part.config.integer("pad_token_id", 0, text.vocab_size - 1)
                       .value_or(pads_with_zero ? 0 : text.eos_token);
  return text;
}

}  // namespace pentimento
