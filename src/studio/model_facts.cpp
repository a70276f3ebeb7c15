#include "studio/model_facts.h"

#include <algorithm>

#include "pipelines/embedding_picture.h"
#include "studio/loose_json.h"
#include "weights/checkpoint.h"
#include "weights/summary.h"

namespace pentimento {
namespace {

constexpr size_t kLongestValue = 256 << 10;  // of one piece of metadata

std::string type_of(const std::string& kind, const std::string& place) {
  if (kind == "checkpoint" || kind == "lora" || kind == "embedding" || kind == "upscaler")
    return kind;
  if (kind == "vae" || kind == "tiny_vae") return "vae";
  if (kind == "controlnet" || kind == "t2i_adapter") return "controlnet";
  // A checkpoint of an architecture that is not supported is still what its folder says.
  const bool foreign = kind == "flux" || kind == "sd3" || kind == "transformer" ||
                       kind == "other_diffusion" || kind == "unet";
  if (foreign) return place == "lora" ? "lora" : "checkpoint";
  if (kind == "picture") return kPicture;
  if (kind.empty() || kind == "unknown") return place.empty() ? "other" : place;
  return "other";
}

void add_defaults(CatalogModel& model) {
  try {
    const ModelConfig config = open_checkpoint(model.path).config;
    model.native_size_px = config.native_size_px;
    model.default_steps = config.default_steps;
    model.default_cfg = config.default_cfg;
  } catch (const Error& error) {
    model.problem = error.what();
  }
}

std::string value_of(const std::map<std::string, std::string>& metadata, const char* key) {
  const auto it = metadata.find(key);
  return it == metadata.end() ? std::string() : loose::clean(it->second);
}

// The trainer's claims, for people; descriptions may be HTML.
void keep_claims(const ModelSummary& summary, CatalogModel& model) {
  for (const auto& [key, value] : summary.metadata)
    if (key != "ssmd_cover_images" && key != "modelspec.thumbnail" && value.size() <= kLongestValue)
      model.metadata[loose::clean(key, 200)] = loose::clean(value, kLongestValue);
  model.alias = value_of(summary.metadata, "ss_output_name");
  const TrainingFacts& training = summary.training;
  for (const auto& [tag, count] : training.tags) model.tags.push_back(loose::clean(tag, 200));
  for (const std::string& word : training.trigger_words)
    model.trigger_words.push_back(loose::clean(word));
  model.claimed = {.title = loose::clean(training.title, 300),
                   .description = text_of_html(training.description),
                   .base_model = loose::clean(training.base_model, 200),
                   .licence = loose::clean(training.license, 300),
                   .creator = loose::clean(training.author, 200)};
}

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

template <typename T>
std::optional<T> maybe(const Json& json, const char* key) {
  const Json& value = loose::at(json, key);
  return value.is_null() ? std::nullopt : std::optional(value.get<T>());
}

}  // namespace

void look_into(CatalogModel& model, const std::string& place) {
  const ModelSummary summary = summarise_any(model.path);
  model.readable = summary.readable;
  model.format = summary.format;
  model.kind = summary.kind;
  model.method = summary.method;
  model.type = type_of(summary.kind, place);
  model.precision = summary.precision;
  model.parameters = summary.parameters;
  model.notes = summary.notes;
  if (!summary.family.empty() || !summary.base.empty())
    model.family = summary.family.empty() ? summary.base : summary.family;
  if (!summary.variant.empty()) model.variant = summary.variant;
  if (!summary.usable && !summary.reason.empty()) model.problem = loose::clean(summary.reason);
  keep_claims(summary, model);
  if (!summary.word.empty() && summary.word != model.path.stem().string())
    model.alias = loose::clean(summary.word, 200);
  const bool unet_alone = model.kind == "unet";
  if (model.type == "checkpoint" && (!model.problem || unet_alone)) add_defaults(model);
  if (model.problem) model.problem = without_folder(*model.problem, model.path);
}

std::string without_folder(const std::string& message, const std::filesystem::path& model) {
  const std::string folder = model.parent_path().string() + "/";
  std::string text = message;
  for (size_t at; folder.size() > 1 && (at = text.find(folder)) != std::string::npos;)
    text.erase(at, folder.size());
  return text;
}

Json facts_to_json(const CatalogModel& m) {
  return {{"readable", m.readable},
          {"format", m.format},
          {"method", m.method},
          {"claimed", notes_to_json(m.claimed)},
          {"variant", or_null(m.variant)},
          {"problem", or_null(m.problem)},
          {"native_size_px", or_null(m.native_size_px)},
          {"default_steps", or_null(m.default_steps)},
          {"default_cfg", or_null(m.default_cfg)},
          {"notes", m.notes},
          {"alias", m.alias},
          {"tags", m.tags},
          {"trigger_words", m.trigger_words}};
}

void facts_from_json(const Json& facts, CatalogModel& m) {
  m.readable = loose::boolean(facts, "readable");
  m.format = loose::text(facts, "format");
  m.method = loose::text(facts, "method");
  m.claimed = notes_from_json(loose::at(facts, "claimed"));
  m.variant = maybe<std::string>(facts, "variant");
  m.problem = maybe<std::string>(facts, "problem");
  m.native_size_px = maybe<int>(facts, "native_size_px");
  m.default_steps = maybe<int>(facts, "default_steps");
  m.default_cfg = maybe<double>(facts, "default_cfg");
  m.notes = loose::texts(facts, "notes");
  m.alias = loose::text(facts, "alias");
  m.tags = loose::texts(facts, "tags");
  m.trigger_words = loose::texts(facts, "trigger_words");
}

Json notes_to_json(const ModelNotes& n) {
  return {{"title", n.title},
          {"description", n.description},
          {"notes", n.notes},
          {"negative_text", n.negative_text},
          {"base_model", n.base_model},
          {"licence", n.licence},
          {"source", n.source},
          {"creator", n.creator},
          {"trigger_words", n.trigger_words},
          {"tags", n.tags},
          {"preferred_weight", or_null(n.preferred_weight)},
          {"vae", n.vae},
          {"text_encoder", n.text_encoder},
          {"clip_skip", or_null(n.clip_skip)},
          {"preview", n.preview}};
}

ModelNotes notes_from_json(const Json& json) {
  return {.title = loose::text(json, "title"),
          .description = loose::text(json, "description", 20'000),
          .notes = loose::text(json, "notes", 20'000),
          .negative_text = loose::text(json, "negative_text"),
          .base_model = loose::text(json, "base_model"),
          .licence = loose::text(json, "licence"),
          .source = loose::text(json, "source"),
          .creator = loose::text(json, "creator"),
          .trigger_words = loose::texts(json, "trigger_words"),
          .tags = loose::texts(json, "tags"),
          .preferred_weight = maybe<double>(json, "preferred_weight"),
          .vae = loose::text(json, "vae"),
          .text_encoder = loose::text(json, "text_encoder"),
          .clip_skip = maybe<int>(json, "clip_skip"),
          .preview = loose::text(json, "preview")};
}

}  // namespace pentimento
