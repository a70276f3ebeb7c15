#include "pipelines/stylize_infotext.h"

#include "pipelines/infotext_fields.h"
#include "pipelines/repeat.h"

namespace pentimento {

Infotext stylize_infotext(const StylizeRequest& r, const RecordedFile& input,
                          const std::optional<RecordedFile>& style, const Image& result,
                          const std::string& version) {
  InfotextFacts facts{{"Job", "stylize"}};
  if (style)
    record_file(facts, "Style image", style->name, style->sha256);
  else
    facts.emplace_back("Style", describe_styles(r.styles));
  facts.emplace_back("Strength", number_text(r.strength));
  if (r.keep_colour) facts.emplace_back("Keep colour", "True");
  if (r.max_size_px != StylizeRequest{}.max_size_px)
    facts.emplace_back("Longest side", std::to_string(r.max_size_px));
  facts.emplace_back("Size", std::to_string(result.width) + "x" + std::to_string(result.height));
  record_file(facts, "Input", input.name, input.sha256);
  facts.emplace_back("Pixels SHA-256", pixels_sha256(to_rgb(result)));
  facts.emplace_back("Version", version);
  return {.prompt = "", .negative_prompt = "", .fields = std::move(facts)};
}

bool was_stylized(const Infotext& info) { return info.get("Job") == "stylize"; }

StylizeRequest stylize_request_from_infotext(const Infotext& info) {
  StylizeRequest r;
  if (const auto styles = info.get("Style")) r.styles = parse_styles(*styles);
  r.strength = read_field_or(info, "Strength", r.strength);
  r.keep_colour = field_is_true(info, "Keep colour");
  r.max_size_px = read_field_or(info, "Longest side", r.max_size_px);
  return r;
}

std::optional<RecordedFile> style_image_of_infotext(const Infotext& info) {
  return recorded_file(info, "Style image");
}

}  // namespace pentimento
