// What a garment that was tried on remembers beyond img2img's fields.
#pragma once

#include "pipelines/recorded_file.h"
#include "pipelines/try_on.h"

namespace pentimento {

// `kind`: as resolved. The garment itself is the picture's "Input".
InfotextFacts try_on_facts(const TryOnRequest& request, GarmentKind kind,
                           const TryOnInputs& inputs);

// By the way that keeps pixels; what CatVTON draped has a field of that name instead.
bool was_tried_on(const Infotext& info);

// The request that makes the picture again, as request_from_infotext().
TryOnRequest try_on_request_from_infotext(const Infotext& info);

// Who wore it, and the garment's mask, where there were any.
std::optional<RecordedFile> person_of_infotext(const Infotext& info);
std::optional<RecordedFile> garment_mask_of_infotext(const Infotext& info);

const char* to_string(GarmentKind kind);  // "upper garment", "lower garment", "dress"

}  // namespace pentimento
