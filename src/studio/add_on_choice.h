// Files that work beside a model and have no type of their own in the library: IP-Adapters, image
// encoders, CatVTON's weights. They are told apart by their kind (weights/identify.h).
#pragma once

#include <string>
#include <vector>

#include "studio/model_catalog.h"

namespace pentimento {

// kind: "ip_adapter", "image_encoder", "catvton".
std::vector<CatalogModel> add_ons_of(const ModelCatalog& catalog, const std::string& kind);

// By id, name or file name; an empty word is the only one there is. Throws CodedError "no_model"
// naming near ones, "invalid" when there are several to choose from.
CatalogModel need_add_on(const ModelCatalog& catalog, const std::string& kind,
                         const std::string& word);

}  // namespace pentimento
