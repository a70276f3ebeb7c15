// The studio's things as the native interface writes them (docs/api.md).
#pragma once

#include "studio/studio.h"

namespace pentimento {

Json to_wire(Studio& studio, const Job& job);
Json to_wire(const JobProgress& progress, int64_t job);
Json to_wire(const GalleryPicture& picture);
Json to_wire(const Input& input);
Json to_wire(const Document& document);  // without content
Json to_wire(const JobKind& kind);
// `held_bytes`: what can be let go for the job, networks of models used before.
Json to_wire(const PlanReport& plan, uint64_t held_bytes = 0);
Json to_wire(const Problem& problem);
Json queue_to_wire(Studio& studio);

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

}  // namespace pentimento
