// Textual inversions inside pictures, as A1111 shares them: base64 JSON in the PNG text
// "sd-ti-embedding", or JSON compressed into the low four bits of the pixels left and right of the
// picture (modules/textual_inversion/image_embedding.py of AUTOMATIC1111's WebUI).
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "image/codec.h"
#include "weights/embedding.h"
#include "weights/summary.h"

namespace pentimento {

// The JSON text in a picture, or nothing. Throws CorruptFile when there is one that is damaged;
// at most 64 MiB are unpacked.
std::optional<std::string> embedding_json(const Picture& picture, const std::string& where);

// The textual inversion in a picture file, with its hash. Throws what read_picture throws;
// Unsupported when there is none in it.
Embedding open_embedding_picture(const std::filesystem::path& path, const std::string& name,
                                 const std::filesystem::path& cache_dir);

// Whether a file's name is that of a picture that may hold one: .png, .webp.
bool may_hold_embedding(const std::filesystem::path& path);

// As summarise() (weights/summary.h), of a picture: kind "embedding", or "picture" for one with no
// textual inversion in it.
ModelSummary summarise_embedding_picture(const std::filesystem::path& path);

// Either, by the file's name.
ModelSummary summarise_any(const std::filesystem::path& path);

}  // namespace pentimento
