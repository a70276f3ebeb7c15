#include "pipelines/try_on_infotext.h"

#include <cstdio>

#include "pipelines/infotext_fields.h"

namespace pentimento {
namespace {

constexpr GarmentKind kKinds[] = {GarmentKind::Upper, GarmentKind::Lower, GarmentKind::Dress};

}  // namespace

const char* to_string(GarmentKind kind) {
  switch (kind) {
    case GarmentKind::Lower:
      return "lower garment";
    case GarmentKind::Dress:
      return "dress";
    case GarmentKind::Upper:
      break;
  }
  return "upper garment";
}

InfotextFacts try_on_facts(const TryOnRequest& r, GarmentKind kind, const TryOnInputs& inputs) {
  InfotextFacts facts{{"Job", "tryon"}, {"Garment", to_string(kind)}};
  if (r.place)
    facts.emplace_back("Garment place", number_text(r.place->left) + " " +
                                            number_text(r.place->top) + " " +
                                            number_text(r.place->width));
  if (inputs.garment_mask)
    record_file(facts, "Garment mask", inputs.garment_mask->name, inputs.garment_mask->sha256);
  if (inputs.person) {
    record_file(facts, "Person", inputs.person->name, inputs.person->sha256);
    facts.emplace_back("Garment around", std::to_string(r.around_px));
  }
  facts.emplace_back("Seam", std::to_string(r.seam_px));
  if (r.seam_strength > 0) facts.emplace_back("Seam strength", number_text(r.seam_strength));
  return facts;
}

bool was_tried_on(const Infotext& info) {
  return info.get("Job") == "tryon" && info.get("Garment").has_value();
}

TryOnRequest try_on_request_from_infotext(const Infotext& info) {
  TryOnRequest r;
  r.image = request_from_infotext(info);
  const std::string kind = info.get("Garment").value_or("");
  for (const GarmentKind known : kKinds)
    if (kind == to_string(known)) r.kind = known;
  TryOnRequest::Place place{};
  if (const auto text = info.get("Garment place"))
    if (std::sscanf(text->c_str(), "%lf %lf %lf", &place.left, &place.top, &place.width) == 3)
      r.place = place;
  r.around_px = read_field_or(info, "Garment around", r.around_px);
  r.seam_px = read_field_or(info, "Seam", r.seam_px);
  r.seam_strength = read_field_or(info, "Seam strength", 0.0);
  return r;
}

std::optional<RecordedFile> person_of_infotext(const Infotext& info) {
  return recorded_file(info, "Person");
}

std::optional<RecordedFile> garment_mask_of_infotext(const Infotext& info) {
  return recorded_file(info, "Garment mask");
}

}  // namespace pentimento
