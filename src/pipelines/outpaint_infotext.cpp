#include "pipelines/outpaint_infotext.h"

#include "base/error.h"
#include "pipelines/infotext_fields.h"

namespace pentimento {
namespace {

constexpr OutpaintFill kFills[] = {OutpaintFill::Edge, OutpaintFill::Blur, OutpaintFill::Mirror,
                                   OutpaintFill::Noise, OutpaintFill::Patches};

Extent read_extent(const Infotext& info, const char* key) {
  try {
    return parse_extent(info.get(key).value_or("0"));
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

const char* to_string(OutpaintFill fill) {
  switch (fill) {
    case OutpaintFill::Edge:
      return "edge";
    case OutpaintFill::Blur:
      return "blur";
    case OutpaintFill::Mirror:
      return "mirror";
    case OutpaintFill::Noise:
      return "noise";
    case OutpaintFill::Patches:
      return "patches";
  }
  return "";
}

std::vector<std::pair<std::string, std::string>> outpaint_facts(const OutpaintRequest& r) {
  std::vector<std::pair<std::string, std::string>> facts;
  const auto side = [&](const char* key, const Extent& extent) {
    if (extent.amount > 0) facts.emplace_back(key, to_string(extent));
  };
  facts.emplace_back("Outpaint fill", to_string(r.fill));
  side("Outpaint left", r.left);
  side("Outpaint right", r.right);
  side("Outpaint top", r.top);
  side("Outpaint bottom", r.bottom);
  if (r.aspect > 0) facts.emplace_back("Outpaint aspect", number_text(r.aspect));
  facts.emplace_back("Outpaint overlap", std::to_string(r.overlap_px));
  facts.emplace_back("Outpaint feather", std::to_string(r.feather_px));
  const OutpaintRequest usual;
  if (r.noise_detail != usual.noise_detail)
    facts.emplace_back("Outpaint noise detail", number_text(r.noise_detail));
  if (r.noise_colour != usual.noise_colour)
    facts.emplace_back("Outpaint noise colour", number_text(r.noise_colour));
  // The size of each pass follows from the model unless it was given.
  if (r.base.width) facts.emplace_back("Outpaint width", std::to_string(r.base.width));
  if (r.base.height) facts.emplace_back("Outpaint height", std::to_string(r.base.height));
  if (!r.match_tone) facts.emplace_back("Tone match", "False");
  return facts;
}

bool was_outpainted(const Infotext& info) { return info.get("Outpaint fill").has_value(); }

OutpaintRequest outpaint_request_from_infotext(const Infotext& info) {
  OutpaintRequest r;
  r.base = request_from_infotext(info);
  r.base.width = read_field_or(info, "Outpaint width", 0);
  r.base.height = read_field_or(info, "Outpaint height", 0);
  const std::string fill = info.get("Outpaint fill").value_or("");
  for (const OutpaintFill known : kFills)
    if (fill == to_string(known)) r.fill = known;
  r.left = read_extent(info, "Outpaint left");
  r.right = read_extent(info, "Outpaint right");
  r.top = read_extent(info, "Outpaint top");
  r.bottom = read_extent(info, "Outpaint bottom");
  r.aspect = read_field_or(info, "Outpaint aspect", 0.0);
  r.overlap_px = read_field_or(info, "Outpaint overlap", 32);
  r.feather_px = read_field_or(info, "Outpaint feather", 16);
  r.noise_detail = read_field_or(info, "Outpaint noise detail", r.noise_detail);
  r.noise_colour = read_field_or(info, "Outpaint noise colour", r.noise_colour);
  r.match_tone = info.get("Tone match").value_or("") != "False";
  return r;
}

}  // namespace pentimento
