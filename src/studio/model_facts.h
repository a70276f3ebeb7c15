// What the library keeps about a model file after one look at its names and shapes.
#pragma once

#include <filesystem>
#include <string>

#include "studio/model_catalog.h"

namespace pentimento {

// Counted up when a later version of the program sees more in a file: models are looked at again.
constexpr int kLookVersion = 3;

// The type of pictures beside embeddings that hold none: remembered, never listed.
inline constexpr const char* kPicture = "picture";

// Fills what is in the file: kind, type, family, precision, defaults, problem, notes, metadata,
// trigger words and tags. `place`: the type its folder promises, for files of no known kind.
// Never throws for what is in the file.
void look_into(CatalogModel& model, const std::string& place);

// A message about the model without the folders it lies in: those are the owner's business.
std::string without_folder(const std::string& message, const std::filesystem::path& model);

// To and from the library's table.
Json facts_to_json(const CatalogModel& model);
void facts_from_json(const Json& facts, CatalogModel& model);
Json notes_to_json(const ModelNotes& notes);
ModelNotes notes_from_json(const Json& json);

}  // namespace pentimento
