#include "weights/text_encoder_file.h"

#include "base/error.h"
#include "weights/identify.h"
#include "weights/key_maps.h"
#include "weights/parts.h"
#include "weights/tensor_file.h"

namespace pentimento {
namespace {

// What stands before a name that every such file has; nothing when none has it.
std::optional<std::string> prefix_before(const TensorMap& tensors, std::string_view name) {
  for (const auto& [key, tensor] : tensors)
    if (key.ends_with(name)) return key.substr(0, key.size() - name.size());
  return std::nullopt;
}

}  // namespace

bool is_text_encoder_file(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return false;
  return identify(read_tensor_file(path).tensors) == WeightKind::TextEncoder;
}

TextEncoderFile open_text_encoder(const std::filesystem::path& path, Family family) {
  const TensorFile file = read_tensor_file(path);
  if (const WeightKind kind = identify(file.tensors); kind != WeightKind::TextEncoder)
    throw Error(ErrorKind::Unsupported,
                path.string() + ": is " + kind_description(kind) + "; expected a text encoder");
  if (family == Family::SDXL)
    throw Error(ErrorKind::Unsupported,
                path.string() +
                    ": is one text encoder and SDXL reads prompts with two; name a whole "
                    "checkpoint of SDXL with --text-encoder");
  TextPart part;
  if (const auto open = prefix_before(file.tensors, "transformer.resblocks.0.ln_1.weight")) {
    part.tensors = open_clip_to_diffusers(below(file.tensors, *open)).tensors;
    part.open_clip = true;
  } else if (const auto clip =
                 prefix_before(file.tensors, "text_model.embeddings.token_embedding.weight")) {
    part.tensors = clip_modernised(below(file.tensors, *clip)).tensors;
  } else {
    part.tensors = clip_modernised(file.tensors).tensors;
  }
  Parts parts{.path = path, .metadata = file.metadata};
  parts.text.push_back(std::move(part));
  add_pentimento_config(parts);
  TextEncoderFile encoder;
  encoder.config = infer_text(parts.text[0], 0, family, path.string());
  encoder.tensors = std::move(parts.text[0].tensors);
  return encoder;
}

}  // namespace pentimento
