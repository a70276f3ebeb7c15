#include "weights/model_card.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "weights/config_fields.h"

namespace pentimento {
namespace {

constexpr size_t kLongestName = 300;

std::string text_at(const nlohmann::json& card, const char* key) {
  const auto found = card.find(key);
  if (found == card.end() || !found->is_string()) return "";
  std::string text = found->get<std::string>();
  return text.size() > kLongestName ? "" : text;
}

}  // namespace

ModelCard read_model_card(const std::filesystem::path& model) {
  try {
    std::error_code ignored;  // a folder's name is no stem and extension
    const bool folder = std::filesystem::is_directory(model, ignored);
    const std::string name = (folder ? model.filename() : model.stem()).string();
    const auto json = read_config(model.parent_path() / (name + ".json"));
    if (!json) return {};
    ModelCard card{.vae = text_at(*json, "vae"),
                   .text_encoder = text_at(*json, "text encoder"),
                   .clip_skip = {}};
    if (card.vae == "Automatic") card.vae.clear();
    const auto skip = json->find("clip skip");
    if (skip != json->end() && skip->is_number_integer() && *skip >= 1 && *skip <= 12)
      card.clip_skip = skip->get<int>();
    return card;
  } catch (const Error&) {
    return {};
  }
}

}  // namespace pentimento
