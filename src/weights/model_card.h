// What is chosen for one model: MODEL.json beside it, the card that AUTOMATIC1111 keeps there
// ("vae"), with fields of this program's own ("clip skip", "text encoder"). Other programs' fields
// are theirs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace pentimento {

struct ModelCard {
  std::string vae;               // file name, "None" for the model's own, "" for no choice
  std::string text_encoder;      // name of the model that lends it, "" for none
  std::optional<int> clip_skip;  // 1..12
};

// Strangers write cards: one that is damaged, absent or holds anything else says nothing.
ModelCard read_model_card(const std::filesystem::path& model);

}  // namespace pentimento
