// The model library, and getting models. What reaches out to the network, or changes files, is the
// owner's to ask for.
#include "base/sha256.h"
#include "pipelines/embedding_picture.h"
#include "server/app.h"
#include "server/wire.h"
#include "studio/chinese.h"
#include "studio/coded_error.h"
#include "studio/library_json.h"
#include "studio/model_downloads.h"
#include "studio/model_facts.h"
#include "weights/explain.h"
#include "weights/summary.h"

namespace pentimento {
namespace {

HttpResponse models(App& app, const HttpRequest& r) {
  Json items = Json::array();
  const std::string type = r.param("type").value_or("");
  for (const CatalogModel& model : app.models().list(type)) items.push_back(to_json(model));
  if (r.bool_param("missing").value_or(false))
    for (const CatalogModel& model : app.models().missing())
      if (type.empty() || model.type == type) items.push_back(to_json(model));
  return HttpResponse::json(
      {{"items", items},
       {"next", nullptr},
       {"folder", r.is_admin ? Json(app.models().folder().string()) : Json(nullptr)}});
}

Json report_of(App& app, const ModelSummary& summary, const CatalogModel& model,
               Language language) {
  const Explanation e =
      explain(summary, model.file, language, app.models().any_model_of(summary.base));
  Json facts = Json::array();
  for (const auto& [label, value] : e.facts) facts.push_back({{"label", label}, {"value", value}});
  const std::string problem = without_folder(e.problem, model.path);
  const bool chinese = language == Language::Chinese;
  const std::string known = chinese ? in_chinese(problem) : "";
  return {{"what", e.what},
          {"needs", e.needs},
          {"use", e.use},
          {"example", e.example},
          {"problem", known.empty() ? problem : known},
          {"notes", chinese ? all_in_chinese(summary.notes) : summary.notes},
          {"facts", facts}};
}

// Everything about one model; `report` says in plain words what it is and how it is used.
HttpResponse details(App& app, const HttpRequest& r) {
  const CatalogModel model = app.models().details(r.captures.at(0));
  Json json = to_json(model);
  json["metadata"] = model.metadata;
  json["description"] = model.said.description;
  json["user_notes"] = model.said.notes;
  json["report"] = nullptr;
  if (!model.missing_s) {
    const ModelSummary summary = summarise_any(model.path);
    json["report"] = {{"en", report_of(app, summary, model, Language::English)},
                      {"zh-CN", report_of(app, summary, model, Language::Chinese)}};
  }
  json["path"] = r.is_admin ? Json(model.path.string()) : Json(nullptr);
  return HttpResponse::json(json);
}

HttpResponse preview(App& app, const HttpRequest& r) {
  const CatalogModel model = app.models().details(r.captures.at(0));
  if (model.said.preview.empty())
    throw CodedError(ErrorKind::NotFound, "not_found", model.name + " has no preview");
  const std::filesystem::path file = model.path.parent_path() / model.said.preview;
  std::error_code error;
  const auto time = std::filesystem::last_write_time(file, error).time_since_epoch().count();
  const std::string key = sha256_hex(file.string() + " " + std::to_string(time));
  // Made anew from the pixels: whatever else is in the file stays where it is.
  HttpResponse response = HttpResponse::bytes(
      thumbnail_of(file, key, app.studio().options().paths.cache), "image/webp");
  never_changes(r, response, key.substr(0, 32));
  return response;
}

Json to_wire(const ModelDownload& d) {
  Json json = {{"id", public_id('w', d.id)},
               {"spec", d.spec},
               {"state", d.state},
               {"stage", d.stage.empty() ? Json(nullptr) : Json(d.stage)},
               {"offer", d.offer},
               {"created", d.created},
               {"finished", or_null(d.finished)},
               {"done_bytes", d.done_bytes},
               {"total_bytes", d.total_bytes > 0 ? Json(d.total_bytes) : Json(nullptr)},
               {"bytes_per_s", or_null(d.bytes_per_s)},
               {"left_s", nullptr},
               {"error", nullptr},
               {"model", d.model.empty() ? Json(nullptr) : Json(d.model)}};
  if (d.state == "failed") json["error"] = {{"code", d.error_code}, {"message", d.error}};
  if (d.bytes_per_s.value_or(0) > 0 && d.total_bytes > d.done_bytes)
    json["left_s"] = static_cast<double>(d.total_bytes - d.done_bytes) / *d.bytes_per_s;
  return json;
}

int64_t download_id(const HttpRequest& r) { return parse_public_id('w', r.captures.at(0)); }

NotesChange notes_change(const Json& body) {
  NotesChange change;
  const auto given = [&](const char* key) { return body.contains(key) && !body[key].is_null(); };
  if (given("trigger_words"))
    change.trigger_words = body["trigger_words"].get<std::vector<std::string>>();
  if (given("preferred_weight")) change.preferred_weight = body["preferred_weight"].get<double>();
  if (given("user_notes")) change.notes = body["user_notes"].get<std::string>();
  if (given("vae")) change.vae = body["vae"].get<std::string>();
  if (given("text_encoder")) change.text_encoder = body["text_encoder"].get<std::string>();
  if (given("clip_skip")) change.clip_skip = body["clip_skip"].get<int>();
  if (given("negative_text")) change.negative_text = body["negative_text"].get<std::string>();
  return change;
}

void publish_models(App& app) { app.studio().events.publish("models", R"({"type":"models"})"); }

void add_library_routes(App& app, Router& router) {
  router.add({.method = "GET",
              .pattern = "/api/v1/models",
              .summary = "Model files",
              .query = {{"type", "checkpoint, vae, lora, embedding, upscaler, controlnet or other"},
                        {"missing", "also those whose file is gone", FieldType::Boolean}},
              .handle = [&app](const HttpRequest& r) { return models(app, r); }});
  router.add({.method = "POST",
              .pattern = "/api/v1/models/refresh",
              .summary = "Look for model files again",
              .body = BodyKind::OptionalJson,
              .handle = [&app](const HttpRequest& r) {
                app.models().refresh();
                publish_models(app);
                return models(app, r);
              }});
  router.add({.method = "GET",
              .pattern = "/api/v1/models/state",
              .summary = "What the library is busy with",
              .handle = [&app](const HttpRequest& r) {
                Json json = to_json(app.models().state());
                if (!r.is_admin) json["problems"] = Json::array();  // they name folders
                return HttpResponse::json(json);
              }});
}

void add_one_model_routes(App& app, Router& router) {
  router.add({.method = "GET",
              .pattern = "/api/v1/models/{id}",
              .summary = "Everything about a model",
              .handle = [&app](const HttpRequest& r) { return details(app, r); }});
  router.add({.method = "GET",
              .pattern = "/api/v1/models/{id}/preview",
              .summary = "Its picture",
              .returns = "image/webp",
              .handle = [&app](const HttpRequest& r) { return preview(app, r); }});
  Route change{.method = "PATCH",
               .pattern = "/api/v1/models/{id}",
               .access = Access::Admin,
               .summary = "Keep words of your own beside a model",
               .body = BodyKind::Json,
               .fields = {{.name = "trigger_words",
                           .type = FieldType::Array,
                           .what = "words that call it up",
                           .maximum = 50,
                           .items = FieldType::String},
                          {.name = "preferred_weight",
                           .type = FieldType::Number,
                           .what = "a LoRA's usual weight",
                           .minimum = -10,
                           .maximum = 10},
                          {.name = "user_notes", .what = "for yourself", .maximum = 20000},
                          {.name = "negative_text",
                           .what = "goes into the negative prompt with it",
                           .maximum = 4000},
                          {.name = "vae",
                           .what = "checkpoint: the VAE it is used with, None for its own, empty "
                                   "for no choice",
                           .maximum = 300},
                          {.name = "text_encoder",
                           .what = "UNet alone: the model that lends it the text encoder",
                           .maximum = 300},
                          {.name = "clip_skip",
                           .type = FieldType::Integer,
                           .what = "checkpoint: for jobs that name none; 0 for no choice",
                           .minimum = 0,
                           .maximum = 12}}};
  change.handle = [&app, route = change](const HttpRequest& r) {
    app.models().change_notes(r.captures.at(0), notes_change(json_body(r, route)));
    publish_models(app);
    return details(app, r);
  };
  router.add(change);
  router.add({.method = "DELETE",
              .pattern = "/api/v1/models/{id}",
              .access = Access::Admin,
              .summary = "Forget a model whose file is gone",
              .statuses = {204},
              .handle = [&app](const HttpRequest& r) {
                app.models().forget(r.captures.at(0));
                publish_models(app);
                return HttpResponse::empty();
              }});
  router.add({.method = "POST",
              .pattern = "/api/v1/models/{id}/look-up",
              .access = Access::Admin,
              .summary = "Ask Civitai about a model by its hash",
              .body = BodyKind::OptionalJson,
              .handle = [&app](const HttpRequest& r) {
                app.downloads().look_up(app.models().details(r.captures.at(0)), {});
                publish_models(app);
                return details(app, r);
              }});
}

const std::vector<Field>& query_fields() {
  static const std::vector<Field> fields = {
      {.name = "query", .default_value = "", .what = "words to search for", .maximum = 200},
      {.name = "source",
       .default_value = "civitai",
       .what = "where to search",
       .choices = {"civitai", "hugging_face"}},
      {.name = "type",
       .default_value = "",
       .what = "kind of model; empty: any",
       .choices = {"", "checkpoint", "lora", "embedding", "vae", "controlnet", "upscaler"}},
      {.name = "family",
       .default_value = "",
       .what = "for which base; empty: any",
       .choices = {"", "SD1", "SD2", "SDXL"}},
      {.name = "nsfw", .type = FieldType::Boolean, .default_value = false, .what = "these too"},
      {.name = "limit",
       .type = FieldType::Integer,
       .default_value = 20,
       .what = "how many",
       .minimum = 1,
       .maximum = 100}};
  return fields;
}

void add_search_routes(App& app, Router& router) {
  Route search{.method = "POST",
               .pattern = "/api/v1/models/search",
               .access = Access::Admin,
               .summary = "Ask Civitai or Hugging Face for models",
               .body = BodyKind::Json,
               .fields = query_fields()};
  search.handle = [&app, route = search](const HttpRequest& r) {
    const Json body = with_defaults(json_body(r, route), route.fields);
    Json items = Json::array();
    const ModelQuery query{.text = body["query"],
                           .source = body["source"],
                           .type = body["type"],
                           .family = body["family"],
                           .limit = body["limit"].get<int>(),
                           .nsfw = body["nsfw"]};
    for (const ModelOffer& offer : app.downloads().search(query, {})) {
      Json item = to_json(offer);
      const std::string id = ModelDownloads::preview_id(offer);
      item["preview"] = id.empty() ? Json(nullptr) : Json("/api/v1/models/found/" + id);
      items.push_back(item);
    }
    return HttpResponse::json({{"items", items}, {"next", nullptr}});
  };
  router.add(search);
  router.add({.method = "GET",
              .pattern = "/api/v1/models/found/{id}",
              .access = Access::Admin,
              .summary = "The picture of something a search has found",
              .returns = "image/webp",
              .handle = [&app](const HttpRequest& r) {
                const std::string bytes = app.downloads().preview(r.captures.at(0), {});
                HttpResponse response =
                    HttpResponse::bytes(small_picture_of(as_bytes(bytes)), "image/webp");
                never_changes(r, response, r.captures.at(0));
                return response;
              }});
}

void add_download_routes(App& app, Router& router) {
  router.add({.method = "GET",
              .pattern = "/api/v1/models/downloads",
              .summary = "Models being fetched, newest first",
              .handle = [&app](const HttpRequest&) {
                Json items = Json::array();
                for (const ModelDownload& d : app.downloads().list()) items.push_back(to_wire(d));
                return HttpResponse::json({{"items", items}, {"next", nullptr}});
              }});
  Route get{.method = "POST",
            .pattern = "/api/v1/models/downloads",
            .access = Access::Admin,
            .summary = "Fetch a model",
            .body = BodyKind::Json,
            .fields = {{.name = "spec",
                        .what = "civitai:NUMBER, hf:owner/name[:file] or https://…",
                        .maximum = 2000,
                        .required = true},
                       {.name = "anyway",
                        .type = FieldType::Boolean,
                        .default_value = false,
                        .what = "also what this program does not run"}},
            .statuses = {201}};
  get.handle = [&app, route = get](const HttpRequest& r) {
    const Json body = with_defaults(json_body(r, route), route.fields);
    return HttpResponse::json(to_wire(app.downloads().add(body["spec"], body["anyway"])), 201);
  };
  router.add(get);
  const auto act = [&](const char* verb, const char* summary,
                       ModelDownload (ModelDownloads::*call)(int64_t)) {
    router.add({.method = "POST",
                .pattern = std::string("/api/v1/models/downloads/{id}/") + verb,
                .access = Access::Admin,
                .summary = summary,
                .body = BodyKind::OptionalJson,
                .handle = [&app, call](const HttpRequest& r) {
                  return HttpResponse::json(to_wire((app.downloads().*call)(download_id(r))));
                }});
  };
  act("cancel", "Stop a download; what has arrived is kept", &ModelDownloads::cancel);
  act("retry", "Go on with a download", &ModelDownloads::retry);
  router.add({.method = "DELETE",
              .pattern = "/api/v1/models/downloads/{id}",
              .access = Access::Admin,
              .summary = "Forget a download that is not running",
              .statuses = {204},
              .handle = [&app](const HttpRequest& r) {
                app.downloads().remove(download_id(r));
                return HttpResponse::empty();
              }});
}

}  // namespace

void add_model_routes(App& app, Router& router) {
  add_library_routes(app, router);
  add_search_routes(app, router);  // their words come before {id}
  add_download_routes(app, router);
  add_one_model_routes(app, router);
  app.downloads().on_change = [&app](const ModelDownload& d) {
    app.studio().events.publish("download",
                                dumped({{"type", "download"}, {"download", to_wire(d)}}));
    if (d.state == "done") publish_models(app);
  };
}

}  // namespace pentimento
