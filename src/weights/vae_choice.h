// Which VAE a model is used with when several lie about: AUTOMATIC1111's order (webui-spec §8.5).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace pentimento {

// `places` below: folders of VAEs, or VAE files one by one.

// The VAE that belongs to the model without being named, or nothing (its own):
// 1. the "vae" of the model's card, MODEL.json, as A1111 keeps it: a name in the places, or
// "None";
// 2. a VAE whose file name begins with the model's: MODEL.vae.safetensors beside it, or any such
//    file in the places.
// Of several the first in name order, files beside the model first.
std::optional<std::filesystem::path> vae_of_model(const std::filesystem::path& model,
                                                  const std::vector<std::filesystem::path>& places);

// Whether the model's card says that its own VAE is wanted, whatever else there is.
bool keeps_own_vae(const std::filesystem::path& model);

// What a user typed: "automatic" or "" for vae_of_model, "none" for the model's own, a path, or the
// name of a file in the places, with or without extension. Throws NotFound with near names.
std::optional<std::filesystem::path> choose_vae(const std::string& text,
                                                const std::filesystem::path& model,
                                                const std::vector<std::filesystem::path>& places);

}  // namespace pentimento
