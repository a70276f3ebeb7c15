#include "studio/library_json.h"

#include "studio/chinese.h"

namespace pentimento {
namespace {

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

}  // namespace

Json to_json(const CatalogModel& m) {
  return {{"id", m.id},
          {"name", m.name},
          {"file", m.file},
          {"relative", m.relative},
          {"type", m.type},
          {"kind", text_or_null(m.kind)},
          {"method", text_or_null(m.method)},
          {"format", text_or_null(m.format)},
          {"bytes", m.bytes},
          {"sha256", or_null(m.sha256)},
          {"autov3", or_null(m.autov3)},
          {"family", or_null(m.family)},
          {"variant", or_null(m.variant)},
          {"native_size_px", or_null(m.native_size_px)},
          {"default_steps", or_null(m.default_steps)},
          {"default_cfg", or_null(m.default_cfg)},
          {"precision", text_or_null(m.precision)},
          {"parameters", m.parameters},
          {"problem", or_null(m.problem)},
          {"problem_zh", text_or_null(in_chinese(m.problem.value_or("")))},
          {"notes", m.notes},
          {"alias", text_or_null(m.alias)},
          {"added", m.added_s},
          {"changed", m.changed_s},
          {"missing", or_null(m.missing_s)},
          {"tags", m.tags},
          {"trigger_words", m.trigger_words},
          {"title", text_or_null(m.said.title)},
          {"base_model", text_or_null(m.said.base_model)},
          {"licence", text_or_null(m.said.licence)},
          {"source", text_or_null(m.said.source)},
          {"creator", text_or_null(m.said.creator)},
          {"preferred_weight", or_null(m.said.preferred_weight)},
          {"vae", text_or_null(m.said.vae)},
          {"text_encoder", text_or_null(m.said.text_encoder)},
          {"clip_skip", or_null(m.said.clip_skip)},
          {"negative_text", text_or_null(m.said.negative_text)},
          {"preview",
           m.said.preview.empty() ? Json(nullptr) : Json("/api/v1/models/" + m.id + "/preview")}};
}

Json to_json(const ModelOffer& o) {
  Json files = Json::array();
  for (const OfferedFile& file : o.files)
    files.push_back({{"name", file.path},
                     {"bytes", file.bytes > 0 ? Json(file.bytes) : Json(nullptr)},
                     {"sha256", text_or_null(file.sha256)}});
  return {{"source", o.source},
          {"spec", o.spec},
          {"name", o.name},
          {"version", text_or_null(o.version)},
          {"type", text_or_null(o.type)},
          {"base_model", text_or_null(o.base_model)},
          {"family", text_or_null(o.family)},
          {"licence", text_or_null(o.licence)},
          {"creator", text_or_null(o.creator)},
          {"description", text_or_null(o.description)},
          {"page", text_or_null(o.page)},
          {"trigger_words", o.trigger_words},
          {"bytes", o.bytes > 0 ? Json(o.bytes) : Json(nullptr)},
          {"downloads", o.downloads},
          {"nsfw", o.nsfw},
          {"files", files}};
}

Json to_json(const LibraryState& s) {
  return {{"scanning", s.scanning},
          {"models", s.models},
          {"missing", s.missing},
          {"to_hash", s.to_hash},
          {"hashing", text_or_null(s.hashing)},
          {"problems", s.problems}};
}

}  // namespace pentimento
