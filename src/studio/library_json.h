// The library's things as JSON: docs/api.md and `pentimento models --json`.
#pragma once

#include "studio/fields.h"
#include "studio/model_catalog.h"
#include "studio/model_sources.h"

namespace pentimento {

Json to_json(const CatalogModel& model);  // without metadata and path
Json to_json(const ModelOffer& offer);    // without files and descriptions' raw sources
Json to_json(const LibraryState& state);

}  // namespace pentimento
