#include "server/sdapi_lists.h"

#include "base/memory.h"
#include "pipelines/latent_resize.h"
#include "samplers/sampler.h"
#include "samplers/schedule.h"
#include "server/sdapi_request.h"
#include "server/sdapi_scripts.h"
#include "studio/coded_error.h"
#include "text/infotext.h"
#include "weights/summary.h"

namespace pentimento {

Json pasted_parameters(const std::string& text) {
  const Infotext info = parse_infotext(text);
  Json p = {{"Clip skip", "1"},
            {"Hires resize-1", 0},
            {"Hires resize-2", 0},
            {"Hires sampler", "Use same sampler"},
            {"Hires schedule type", "Use same scheduler"},
            {"Hires checkpoint", "Use same checkpoint"},
            {"Hires prompt", ""},
            {"Hires negative prompt", ""},
            {"Mask mode", "Inpaint masked"},
            {"Masked content", "original"},
            {"Inpaint area", "Whole picture"},
            {"Masked area padding", 32},
            {"RNG", "GPU"},
            {"Schedule type", "Automatic"},
            {"Schedule max sigma", 0},
            {"Schedule min sigma", 0},
            {"Schedule rho", 0},
            {"VAE Encoder", "Full"},
            {"VAE Decoder", "Full"},
            {"FP8 weight", "Disable"},
            {"Refiner switch by sampling steps", false}};
  p["Prompt"] = info.prompt;
  p["Negative prompt"] = info.negative_prompt;
  for (const auto& [key, value] : info.fields) {
    const size_t cross = value.find('x');
    const bool size = cross != std::string::npos && cross > 0 && cross + 1 < value.size() &&
                      value.find_first_not_of("0123456789x") == std::string::npos &&
                      value.find('x', cross + 1) == std::string::npos;
    if (size) {
      p[key + "-1"] = value.substr(0, cross);
      p[key + "-2"] = value.substr(cross + 1);
    } else {
      p[key] = value;
    }
  }
  return p;
}

std::vector<std::string> sdapi_upscalers(App& app) {
  std::vector<std::string> names = {"None", "Lanczos", "Nearest"};
  for (std::string& name : app.options().upscalers()) names.push_back(std::move(name));
  return names;
}

namespace {

Json sampler_list() {
  Json list = Json::array();
  for (const SamplerInfo& s : samplers()) {
    Json options = Json::object();
    if (!s.default_scheduler.empty()) options["scheduler"] = s.default_scheduler;
    if (s.second_order) options["second_order"] = true;
    if (s.brownian) options["brownian_noise"] = true;
    if (s.uses_ensd) options["uses_ensd"] = true;
    if (s.discard_penultimate) options["discard_next_to_last_sigma"] = true;
    list.push_back({{"name", s.name}, {"aliases", s.aliases}, {"options", options}});
  }
  return list;
}

Json scheduler_list() {
  Json list = Json::array();
  for (const SchedulerInfo& s : schedulers())
    list.push_back({{"name", s.name},
                    {"label", s.label},
                    {"aliases", nullptr},
                    {"default_rho", s.default_rho},
                    {"need_inner_model", s.need_inner_model}});
  return list;
}

Json upscaler_list(App& app) {
  Json list = Json::array();
  for (const std::string& name : sdapi_upscalers(app))
    list.push_back({{"name", name},
                    {"model_name", nullptr},
                    {"model_path", nullptr},
                    {"model_url", nullptr},
                    {"scale", 4.0}});
  return list;
}

Json latent_mode_list() {
  Json list = Json::array();
  for (const char* name : latent_resize_modes()) list.push_back({{"name", name}});
  return list;
}

// `filename` is the bare name: paths are nobody's business on the network.
Json checkpoint_list(App& app) {
  Json list = Json::array();
  for (const CatalogModel& m : app.models().list("checkpoint")) {
    if (m.problem) continue;
    list.push_back({{"title", title_of(m)},
                    {"model_name", m.name},
                    {"hash", m.sha256 ? Json(m.sha256->substr(0, 10)) : Json(nullptr)},
                    {"sha256", m.sha256 ? Json(*m.sha256) : Json(nullptr)},
                    {"filename", m.file},
                    {"config", nullptr}});
  }
  return list;
}

Json vae_list(App& app) {
  Json list = Json::array();
  for (const CatalogModel& m : app.models().list("vae"))
    list.push_back({{"model_name", m.file}, {"filename", m.file}});
  return list;
}

Json lora_list(App& app) {
  Json list = Json::array();
  for (const CatalogModel& m : app.models().list("lora"))
    list.push_back({{"name", m.name},
                    {"alias", m.alias.empty() ? m.name : m.alias},
                    {"path", m.file},
                    {"metadata", app.models().details(m.id).metadata}});
  return list;
}

Json embedding_list(App& app) {
  Json loaded = Json::object();
  for (const CatalogModel& m : app.models().list("embedding")) {
    if (m.problem) continue;
    const std::string family = m.family.value_or("");
    const int width = family == "SDXL" ? 2048 : family == "SD2" ? 1024 : 768;
    loaded[m.name] = {{"step", nullptr},
                      {"sd_checkpoint", nullptr},
                      {"sd_checkpoint_name", nullptr},
                      {"shape", width},
                      {"vectors", summarise(m.path).vectors}};
  }
  return {{"loaded", loaded}, {"skipped", Json::object()}};
}

Json style_list(App& app) {
  Json list = Json::array();
  for (const PromptStyle& s : app.studio().prompt_styles.list())
    list.push_back(
        {{"name", s.name}, {"prompt", s.prompt}, {"negative_prompt", s.negative_prompt}});
  return list;
}

Json memory_info() {
  const double free = static_cast<double>(available_memory_bytes()),
               used = static_cast<double>(peak_memory_bytes());
  return {{"ram", {{"free", free}, {"used", used}, {"total", free + used}}},
          {"cuda", {{"error", "unavailable"}}}};
}

Json progress_of_task(App& app) {
  const auto running = app.studio().worker ? app.studio().worker->running() : std::nullopt;
  const auto p = running ? app.studio().worker->progress(*running) : std::nullopt;
  return {{"active", p.has_value()},
          {"queued", app.studio().queue->state().queued > 0},
          {"completed", !p.has_value()},
          {"progress", p ? Json(p->fraction) : Json(nullptr)},
          {"eta", p && p->left_s ? Json(*p->left_s) : Json(nullptr)},
          {"live_preview", nullptr},
          {"id_live_preview", p ? Json(p->preview) : Json(-1)},
          {"textinfo", nullptr}};
}

}  // namespace

void add_sdapi_list_routes(App& app, Router& router) {
  const auto get = [&](const char* path, const char* summary, std::function<Json()> make) {
    router.add({.method = "GET",
                .pattern = path,
                .family = Api::Sdapi,
                .summary = summary,
                .handle = [make = std::move(make)](const HttpRequest&) {
                  return HttpResponse::json(make());
                }});
  };
  const auto post = [&](const char* path, const char* summary, Access access,
                        std::function<Json(const Json&)> act) {
    Route route{.method = "POST",
                .pattern = path,
                .access = access,
                .family = Api::Sdapi,
                .summary = summary,
                .body = BodyKind::OptionalJson};
    route.handle = [act = std::move(act), route](const HttpRequest& r) {
      return HttpResponse::json(act(json_body(r, route)));
    };
    router.add(route);
  };
  get("/sdapi/v1/samplers", "Samplers", sampler_list);
  get("/sdapi/v1/schedulers", "Noise schedules", scheduler_list);
  get("/sdapi/v1/upscalers", "Upscalers", [&app] { return upscaler_list(app); });
  get("/sdapi/v1/latent-upscale-modes", "Latent upscale modes", latent_mode_list);
  get("/sdapi/v1/sd-models", "Checkpoints", [&app] { return checkpoint_list(app); });
  get("/sdapi/v1/sd-vae", "VAE files", [&app] { return vae_list(app); });
  get("/sdapi/v1/loras", "LoRA files", [&app] { return lora_list(app); });
  get("/sdapi/v1/hypernetworks", "None here", [] { return Json::array(); });
  get("/sdapi/v1/face-restorers", "None here", [] { return Json::array(); });
  get("/sdapi/v1/realesrgan-models", "None here", [] { return Json::array(); });
  get("/sdapi/v1/extensions", "None here", [] { return Json::array(); });
  get("/sdapi/v1/prompt-styles", "Reusable prompt pieces", [&app] { return style_list(app); });
  get("/sdapi/v1/embeddings", "Textual inversions", [&app] { return embedding_list(app); });
  get("/sdapi/v1/memory", "Memory", memory_info);
  get("/sdapi/v1/scripts", "Scripts", sdapi_script_titles);
  get("/sdapi/v1/script-info", "Scripts with their arguments", sdapi_script_info);
  get("/sdapi/v1/cmd-flags", "Flags of the start", [&app] {
    return Json{{"api", true},         {"listen", app.gate().options().token_required},
                {"api_auth", nullptr}, {"nowebui", false},
                {"lowvram", false},    {"medvram", false}};
  });
  get("/sdapi/v1/options", "All options", [&app] { return sdapi_options(app); });
  post("/sdapi/v1/options", "Change options", Access::Admin, [&app](const Json& body) {
    save_sdapi_options(app, body);
    return Json(nullptr);
  });
  for (const char* path : {"/sdapi/v1/refresh-checkpoints", "/sdapi/v1/refresh-vae",
                           "/sdapi/v1/refresh-loras", "/sdapi/v1/refresh-embeddings"})
    post(path, "Look for files again", Access::Admin, [&app](const Json&) {
      app.models().refresh();
      app.studio().events.publish("models", R"({"type":"models"})");
      return Json(nullptr);
    });
  post("/sdapi/v1/unload-checkpoint", "Free the model's memory", Access::Admin,
       [&app](const Json&) {
         app.studio().unload_models();
         return Json::object();
       });
  post("/sdapi/v1/reload-checkpoint", "Load it again with the next job", Access::Admin,
       [](const Json&) { return Json::object(); });
  for (const bool restart : {false, true})
    post(restart ? "/sdapi/v1/server-restart" : "/sdapi/v1/server-kill", "End the server",
         Access::Admin, [&app, restart](const Json&) -> Json {
           if (!app.options().allow_stop)
             throw CodedError(ErrorKind::NotFound, "no_route",
                              "the server may not be stopped from here; start it with "
                              "--api-server-stop to allow it");
           app.on_stop_asked(restart);
           return nullptr;
         });
  get("/internal/ping", "Is the server there?", [] { return Json::object(); });
  get("/internal/pending-tasks", "The queue", [&app] {
    return Json{{"size", app.studio().queue->state().queued}, {"tasks", Json::array()}};
  });
  post("/internal/progress", "How far it is", Access::User,
       [&app](const Json&) { return progress_of_task(app); });
}

}  // namespace pentimento
