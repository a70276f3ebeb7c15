// What there is to choose from: samplers, styles, settings; and reading parameters.
#include <sys/statvfs.h>

#include <thread>

#include "base/memory.h"
#include "base/version.h"
#include "runtime/stylizer.h"
#include "samplers/sampler.h"
#include "samplers/schedule.h"
#include "server/app.h"
#include "server/wire.h"
#include "studio/coded_error.h"
#include "studio/request_json.h"
#include "text/infotext.h"

namespace pentimento {
namespace {

HttpResponse page_of(Json items) {
  return HttpResponse::json({{"items", std::move(items)}, {"next", nullptr}});
}

Json sampler_list() {
  Json items = Json::array();
  for (const SamplerInfo& sampler : samplers())
    items.push_back(
        {{"name", sampler.name},
         {"aliases", sampler.aliases},
         {"default_scheduler",
          sampler.default_scheduler.empty() ? Json(nullptr) : Json(sampler.default_scheduler)}});
  return items;
}

Json scheduler_list() {
  Json items = Json::array();
  for (const SchedulerInfo& scheduler : schedulers())
    items.push_back({{"name", scheduler.name}, {"label", scheduler.label}});
  return items;
}

Json style_list() {
  Json items = Json::array();
  for (const PaintingStyle& style : painting_styles())
    items.push_back({{"id", style.id},
                     {"key", style.key},
                     {"name", {{"en", style.name_en}, {"zh", style.name_zh}}}});
  return items;
}

Json settings_json(App& app) {
  Json fields = Json::array();
  for (const Field& field : setting_fields()) fields.push_back(to_json(field));
  return {{"values", app.studio().settings.values()}, {"fields", fields}};
}

HttpResponse system_info(App& app, const HttpRequest& r) {
  struct statvfs disk {};
  const std::string folder = app.studio().folder().root().string();
  const bool known = ::statvfs(folder.c_str(), &disk) == 0;
  const SystemInfo& system = app.options().system;
  return HttpResponse::json(
      {{"version", kVersion},
       {"device", system.device},
       {"precision", system.precision},
       {"threads", system.threads},
       {"cores", std::thread::hardware_concurrency()},
       {"memory_available_bytes", available_memory_bytes()},
       {"memory_peak_bytes", peak_memory_bytes()},
       {"disk_free_bytes",
        known ? Json(static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize) : Json(nullptr)},
       {"data_folder", r.is_admin ? Json(folder) : Json(nullptr)},
       {"uptime_s", app.studio().clock()() - app.started()},
       {"listening", system.listening}});
}

// Pasted or read parameters as a request.
Json parsed_infotext(App& app, const std::string& text) {
  const Infotext info = parse_infotext(text);
  NewPicture picture;
  fill_from_infotext(picture, text);
  Json parameters = Json::object();
  for (const auto& [key, value] : info.fields) parameters[key] = value;
  const std::string hash = info.get("Model hash").value_or("");
  auto known = app.models().find("checkpoint", hash);
  if (!known) known = app.models().find("checkpoint", info.get("Model").value_or(""));
  return {{"kind", picture.kind},
          {"request", picture.request},
          {"parameters", parameters},
          {"infotext", text},
          {"model_hash", hash.empty() ? Json(nullptr) : Json(hash)},
          {"known_model", known ? Json(known->id) : Json(nullptr)}};
}

HttpResponse read_infotext(App& app, const HttpRequest& r) {
  const Picture picture =
      decode_upload(as_bytes(r.body), "the picture", app.studio().options().picture_limits);
  const auto text = picture.text.find("parameters");
  if (text == picture.text.end())
    return HttpResponse::json({{"kind", nullptr},
                               {"request", nullptr},
                               {"parameters", Json::object()},
                               {"infotext", nullptr},
                               {"model_hash", nullptr},
                               {"known_model", nullptr}});
  return HttpResponse::json(parsed_infotext(app, text->second));
}

void add_list_routes(App& app, Router& router) {
  const auto get = [&](const char* path, const char* summary,
                       std::function<HttpResponse(const HttpRequest&)> handle) {
    router.add({.method = "GET", .pattern = path, .summary = summary, .handle = std::move(handle)});
  };
  get("/api/v1/samplers", "Samplers", [](const HttpRequest&) { return page_of(sampler_list()); });
  get("/api/v1/schedulers", "Noise schedules",
      [](const HttpRequest&) { return page_of(scheduler_list()); });
  get("/api/v1/painting-styles", "Styles of the stylize job",
      [](const HttpRequest&) { return page_of(style_list()); });
  get("/api/v1/system", "This computer",
      [&app](const HttpRequest& r) { return system_info(app, r); });
  get("/api/v1/settings", "Preferences",
      [&app](const HttpRequest&) { return HttpResponse::json(settings_json(app)); });
}

void add_style_routes(App& app, Router& router) {
  router.add({.method = "GET",
              .pattern = "/api/v1/prompt-styles",
              .summary = "Reusable prompt pieces",
              .handle = [&app](const HttpRequest&) {
                Json items = Json::array();
                for (const PromptStyle& style : app.studio().prompt_styles.list())
                  items.push_back({{"name", style.name},
                                   {"prompt", style.prompt},
                                   {"negative_prompt", style.negative_prompt}});
                return page_of(items);
              }});
  Route put{
      .method = "PUT",
      .pattern = "/api/v1/prompt-styles/{name}",
      .summary = "Keep a prompt piece",
      .body = BodyKind::Json,
      .fields = {{.name = "prompt",
                  .default_value = "",
                  .what = "{prompt} marks where the user's goes",
                  .maximum = 20000},
                 {.name = "negative_prompt", .default_value = "", .what = "", .maximum = 20000}}};
  put.handle = [&app, route = put](const HttpRequest& r) {
    const Json body = with_defaults(json_body(r, route), route.fields);
    app.studio().prompt_styles.put({r.captures.at(0), body["prompt"], body["negative_prompt"]});
    return HttpResponse::json({{"name", r.captures.at(0)},
                               {"prompt", body["prompt"]},
                               {"negative_prompt", body["negative_prompt"]}});
  };
  router.add(put);
  router.add({.method = "DELETE",
              .pattern = "/api/v1/prompt-styles/{name}",
              .summary = "Forget a prompt piece",
              .statuses = {204},
              .handle = [&app](const HttpRequest& r) {
                app.studio().prompt_styles.remove(r.captures.at(0));
                return HttpResponse::empty();
              }});
}

}  // namespace

void add_choice_routes(App& app, Router& router) {
  add_list_routes(app, router);
  add_style_routes(app, router);
  Route change{.method = "PATCH",
               .pattern = "/api/v1/settings",
               .access = Access::Admin,
               .summary = "Change preferences",
               .body = BodyKind::Json,
               .fields = {setting_fields().begin(), setting_fields().end()}};
  change.handle = [&app, route = change](const HttpRequest& r) {
    app.studio().settings.change(json_body(r, route));
    app.studio().events.publish("settings", R"({"type":"settings"})");
    return HttpResponse::json(settings_json(app));
  };
  router.add(change);
  Route count{.method = "POST",
              .pattern = "/api/v1/prompt/tokens",
              .summary = "How long is this prompt?",
              .body = BodyKind::Json,
              .fields = {{.name = "prompt", .what = "", .maximum = 20000, .required = true}}};
  count.handle = [route = count](const HttpRequest& r) {
    const TokenCount tokens =
        count_tokens(*Tokenizer::clip(), json_body(r, route).at("prompt").get<std::string>());
    return HttpResponse::json({{"used", tokens.used}, {"capacity", tokens.capacity}});
  };
  router.add(count);
  Route parse{.method = "POST",
              .pattern = "/api/v1/infotext/parse",
              .summary = "Pasted parameters as a request",
              .body = BodyKind::Json,
              .fields = {{.name = "text",
                          .what = "AUTOMATIC1111's parameters",
                          .maximum = 100000,
                          .required = true}}};
  parse.handle = [&app, route = parse](const HttpRequest& r) {
    return HttpResponse::json(parsed_infotext(app, json_body(r, route).at("text")));
  };
  router.add(parse);
  router.add({.method = "POST",
              .pattern = "/api/v1/infotext/read",
              .summary = "A picture's parameters as a request",
              .body = BodyKind::Picture,
              .handle = [&app](const HttpRequest& r) { return read_infotext(app, r); }});
}

}  // namespace pentimento
