#include "studio/result_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/memory.h"
#include "image/colour_names.h"

namespace pentimento {

using nlohmann::ordered_json;

namespace {

std::string dump(const ordered_json& json) {  // never throws on odd bytes in file names
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

ordered_json compiles_json(const std::vector<StableDiffusion::CompileRecord>& compiles) {
  ordered_json json = ordered_json::array();
  for (const auto& record : compiles)
    json.push_back(
        {{"name", record.network}, {"seconds", record.seconds}, {"from_cache", record.from_cache}});
  return json;
}

}  // namespace

std::string img2img_json(const std::vector<WrittenPicture>& pictures, const Img2ImgPlan& plan,
                         const std::vector<StableDiffusion::CompileRecord>& compiles,
                         double seconds) {
  ordered_json json;
  json["plan"] = {{"width", plan.width},
                  {"height", plan.height},
                  {"steps", plan.steps},
                  {"model_calls", plan.model_calls},
                  {"strength", plan.strength},
                  {"cfg", plan.cfg},
                  {"sampler", plan.sampler},
                  {"scheduler", plan.scheduler},
                  {"memory_bytes", plan.memory_bytes}};
  json["pictures"] = ordered_json::array();
  for (const WrittenPicture& written : pictures) {
    ordered_json entry;
    entry["path"] = written.path;
    if (!written.input.empty()) entry["input"] = written.input;
    entry["width"] = written.picture.image.width;
    entry["height"] = written.picture.image.height;
    entry["seed"] = written.picture.seed;
    entry["infotext"] = format_infotext(written.picture.infotext);
    json["pictures"].push_back(std::move(entry));
  }
  json["networks"] = ordered_json::array();
  for (const auto& record : compiles)
    json["networks"].push_back(
        {{"name", record.network}, {"seconds", record.seconds}, {"from_cache", record.from_cache}});
  json["seconds"] = seconds;
  json["peak_memory_bytes"] = peak_memory_bytes();
  return dump(json);
}

std::string stylize_json(const std::vector<StylizedPicture>& pictures) {
  ordered_json json;
  json["pictures"] = ordered_json::array();
  for (const StylizedPicture& picture : pictures)
    json["pictures"].push_back({{"path", picture.path},
                                {"input", picture.input},
                                {"width", picture.width},
                                {"height", picture.height},
                                {"infotext", picture.infotext},
                                {"seconds", picture.seconds}});
  return dump(json);
}

std::string grid_json(const std::vector<std::string>& files, size_t cells, size_t reused) {
  return dump({{"files", files}, {"cells", cells}, {"cells_from_folder", reused}});
}

std::string describe_json(const std::vector<DescribedPicture>& pictures) {
  ordered_json json;
  json["pictures"] = ordered_json::array();
  for (const auto& [path, d] : pictures) {
    const Appearance& a = d.appearance;
    ordered_json entry = {{"path", path},
                          {"source", to_string(d.source)},
                          {"by", d.by},
                          {"prompt", d.prompt},
                          {"prompt_zh", d.prompt_zh},
                          {"negative_prompt", d.negative_prompt},
                          {"width", a.width},
                          {"height", a.height},
                          {"brightness", a.brightness},
                          {"contrast", a.contrast},
                          {"colourfulness", a.colourfulness},
                          {"warmth", a.warmth},
                          {"sharpness", a.sharpness}};
    entry["palette"] = ordered_json::array();
    for (const PaletteColour& colour : a.palette) {
      const NamedColour& named = nearest_colour(colour.rgb);
      entry["palette"].push_back({{"rgb", colour.rgb},
                                  {"share", colour.share},
                                  {"name", named.name_en},
                                  {"name_zh", named.name_zh}});
    }
    if (d.recorded)
      for (const auto& [key, value] : d.recorded->fields) entry["settings"][key] = value;
    for (const RankedTerm& ranked : d.terms)
      entry["terms"].push_back({{"category", ranked.term.category},
                                {"term", ranked.term.en},
                                {"term_zh", ranked.term.zh},
                                {"share", ranked.share}});
    json["pictures"].push_back(std::move(entry));
  }
  return dump(json);
}

std::string bench_json(const std::vector<BenchRow>& rows, int width, int height,
                       const std::string& precision,
                       const std::vector<StableDiffusion::CompileRecord>& compiles) {
  ordered_json json = {{"width", width}, {"height", height}, {"precision", precision}};
  for (const BenchRow& row : rows)
    json["parts"][row.part] = {{"first_seconds", row.first_seconds}, {"seconds", row.seconds}};
  json["networks"] = compiles_json(compiles);
  json["peak_memory_bytes"] = peak_memory_bytes();
  return dump(json);
}

std::string info_json(const InputImage& input, const Picture& picture,
                      const std::string& parameters) {
  ordered_json json = {{"format", picture.format},
                       {"width", input.image.width},
                       {"height", input.image.height},
                       {"sha256", input.sha256},
                       {"parameters", parameters}};
  const Infotext info = parse_infotext(parameters);
  if (!parameters.empty()) {
    json["prompt"] = info.prompt;
    json["negative_prompt"] = info.negative_prompt;
    for (const auto& [key, value] : info.fields) json["fields"][key] = value;
  }
  for (const auto& [key, value] : picture.text)
    if (key != "parameters") json["text"][key] = value;
  return dump(json);
}

std::string summary_json(const std::string& path, const ModelSummary& summary) {
  return dump({{"path", path},
               {"readable", summary.readable},
               {"usable", summary.usable},
               {"reason", summary.reason},
               {"kind", summary.kind},
               {"description", summary.kind_sentence},
               {"format", summary.format},
               {"base", summary.base},
               {"method", summary.method},
               {"trigger_words", summary.training.trigger_words},
               {"family", summary.family},
               {"variant", summary.variant},
               {"precision", summary.precision},
               {"parameters", summary.parameters},
               {"tensors", summary.tensors},
               {"notes", summary.notes},
               {"metadata", summary.metadata}});
}

std::string convert_json(const std::string& path, const ConvertReport& report) {
  return dump({{"path", path},
               {"tensors", report.tensors},
               {"left_out", report.left_out},
               {"from_ema", report.from_ema},
               {"from_vae", report.from_vae},
               {"bytes", report.bytes}});
}

std::string merge_json(const std::string& path, const MergeReport& report) {
  return dump({{"path", path},
               {"merged", report.merged},
               {"only_in_a", report.only_in_a},
               {"bytes", report.bytes}});
}

std::string repeat_json(const RepeatReport& report) {
  ordered_json json = {{"identical", report.identical}, {"differences", report.differences}};
  if (std::isfinite(report.psnr_db)) json["psnr_db"] = report.psnr_db;
  return dump(json);
}

std::string import_json(const ImportReport& report) {
  return dump({{"added", report.added},
               {"known", report.known},
               {"refused", report.refused},
               {"problems", report.problems}});
}

std::string devices_json(const std::vector<DeviceInfo>& devices) {
  ordered_json json = ordered_json::array();
  for (const DeviceInfo& device : devices)
    json.push_back({{"name", device.name},
                    {"full_name", device.full_name},
                    {"precisions", device.precisions},
                    {"auto_precision", to_string(device.auto_precision)}});
  return dump(json);
}

}  // namespace pentimento
