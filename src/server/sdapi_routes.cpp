// AUTOMATIC1111's interface: making pictures, and steering while they are made.
#include <ctime>

#include "server/sdapi_controlnet.h"
#include "server/sdapi_extras.h"
#include "server/sdapi_lists.h"
#include "server/sdapi_request.h"
#include "server/wait_for_job.h"
#include "studio/coded_error.h"
#include "text/infotext.h"

namespace pentimento {
namespace {

std::string job_timestamp(double time) {
  const auto seconds = static_cast<std::time_t>(time);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y%m%d%H%M%S", &parts);
  return text;
}

// The `info` string of a response: JSON inside JSON.
std::string info_of(const SdapiJob& asked, const Job& job,
                    const std::vector<GalleryPicture>& pictures) {
  const Json& r = job.request;
  Json prompts = Json::array(), negatives = Json::array(), seeds = Json::array(),
       subseeds = Json::array(), texts = Json::array();
  for (const GalleryPicture& picture : pictures) {
    prompts.push_back(picture.prompt);
    negatives.push_back(picture.negative_prompt);
    seeds.push_back(picture.seed.value_or(-1));
    subseeds.push_back(picture.request.value("subseed", Json(-1)));
    texts.push_back(picture.infotext);
  }
  const Infotext first = pictures.empty() ? Infotext{} : parse_infotext(pictures[0].infotext);
  const int width = pictures.empty() ? r.value("width", 0) : pictures[0].width,
            height = pictures.empty() ? r.value("height", 0) : pictures[0].height;
  const Json info = {
      {"prompt", r.value("prompt", "")},
      {"all_prompts", prompts},
      {"negative_prompt", r.value("negative_prompt", "")},
      {"all_negative_prompts", negatives},
      {"seed", r.value("seed", Json(-1))},
      {"all_seeds", seeds},
      {"subseed", r.value("subseed", Json(-1))},
      {"all_subseeds", subseeds},
      {"subseed_strength", r.value("subseed_strength", Json(0))},
      {"width", width},
      {"height", height},
      {"sampler_name", first.get("Sampler").value_or(r.value("sampler", ""))},
      {"cfg_scale", r.value("cfg", Json(nullptr))},
      {"steps", r.value("steps", Json(nullptr))},
      {"batch_size", asked.shown.value("batch_size", Json(1))},
      {"restore_faces", false},
      {"face_restoration_model", nullptr},
      {"sd_model_name", first.get("Model").value_or("")},
      {"sd_model_hash", first.get("Model hash").value_or("")},
      {"sd_vae_name", first.get("VAE") ? Json(*first.get("VAE")) : Json(nullptr)},
      {"sd_vae_hash", first.get("VAE hash") ? Json(*first.get("VAE hash")) : Json(nullptr)},
      {"seed_resize_from_w", asked.shown.value("seed_resize_from_w", Json(-1))},
      {"seed_resize_from_h", asked.shown.value("seed_resize_from_h", Json(-1))},
      {"denoising_strength", r.value("strength", Json(nullptr))},
      {"extra_generation_params", Json::object()},
      {"index_of_first_image", 0},
      {"infotexts", texts},
      {"styles", asked.shown.value("styles", Json(nullptr)).is_null() ? Json::array()
                                                                      : asked.shown["styles"]},
      {"job_timestamp", job_timestamp(job.created)},
      {"clip_skip", r.value("clip_skip", Json(1))},
      {"is_using_inpainting_conditioning", false},
      {"version", first.get("Version").value_or("")}};
  return dumped(info);
}

// A grid's cell can be made alone: its request names no directions.
bool is_cell(const GalleryPicture& picture) {
  return picture.request.value("x", "") == "" && picture.request.value("y", "") == "" &&
         picture.request.value("z", "") == "";
}

HttpResponse generate(App& app, const HttpRequest& request, const Route& route, bool img2img) {
  SdapiJob asked = sdapi_job(app, json_body(request, route), img2img, request.is_admin);
  const Job job = run_and_wait(app, asked.spec, request);
  auto pictures = app.studio().gallery.of_job(job.id);
  if (asked.sheets_only) std::erase_if(pictures, is_cell);
  Json images = Json::array();
  if (asked.send_images)
    for (const GalleryPicture& picture : pictures)
      images.push_back(base64_encode(read_whole_file(app.studio().gallery.file(picture))));
  if (asked.send_images)
    for (std::string& map : control_maps(app, asked, job, pictures))
      images.push_back(std::move(map));
  return HttpResponse::json(
      {{"images", images}, {"parameters", asked.shown}, {"info", info_of(asked, job, pictures)}});
}

// ---- progress and steering ----

HttpResponse progress(App& app, const HttpRequest& r) {
  const auto running = app.studio().worker ? app.studio().worker->running() : std::nullopt;
  Json state = {{"skipped", false}, {"interrupted", false}, {"stopping_generation", false},
                {"job", ""},        {"job_count", 0},       {"job_timestamp", "0"},
                {"job_no", 0},      {"sampling_step", 0},   {"sampling_steps", 0}};
  Json answer = {{"progress", 0.0},
                 {"eta_relative", 0.0},
                 {"state", state},
                 {"current_image", nullptr},
                 {"textinfo", nullptr}};
  const auto p = running ? app.studio().worker->progress(*running) : std::nullopt;
  if (!p) return HttpResponse::json(answer);
  const Job job = app.studio().queue->get(*running);
  const bool sampling = p->stage == "denoise";
  answer["progress"] = std::clamp(p->fraction, 0.01, 1.0);
  answer["eta_relative"] =
      p->left_s.value_or(p->fraction > 0 ? p->elapsed_s / p->fraction - p->elapsed_s : 0.0);
  state["job"] = public_id('j', *running);
  state["job_count"] = std::max(1, job.request.value("batch", Json(1)).get<int>());
  state["job_timestamp"] = job_timestamp(job.started.value_or(job.created));
  state["sampling_step"] = sampling ? p->step : 0;
  state["sampling_steps"] = sampling ? p->steps : 0;
  answer["state"] = state;
  if (!r.bool_param("skip_current_image").value_or(false))
    if (const auto preview = app.studio().worker->preview(*running))
      answer["current_image"] = base64_encode(*preview);
  return HttpResponse::json(answer);
}

void end_running(App& app) {
  if (!app.studio().worker) return;
  if (const auto running = app.studio().worker->running()) app.studio().skip(*running);
}

HttpResponse png_info(App& app, const Json& body) {
  const Json image = body.value("image", Json());
  if (!image.is_string())
    throw CodedError(ErrorKind::InvalidArgument, "missing_field", "image is missing", "image");
  const std::string bytes = decode_image_field(image, "image");
  const Picture picture =
      decode_upload(as_bytes(bytes), "image", app.studio().options().picture_limits);
  const auto text = picture.text.find("parameters");
  if (text == picture.text.end())
    return HttpResponse::json(
        {{"info", ""}, {"items", picture.text}, {"parameters", Json::object()}});
  return HttpResponse::json({{"info", text->second},
                             {"items", picture.text},
                             {"parameters", pasted_parameters(text->second)}});
}

}  // namespace

void add_sdapi_routes(App& app, Router& router) {
  const auto post = [&](const char* path, const char* summary, BodyKind body,
                        std::function<HttpResponse(const HttpRequest&, const Route&)> handle,
                        Access access = Access::User) {
    Route route{.method = "POST",
                .pattern = path,
                .access = access,
                .family = Api::Sdapi,
                .summary = summary,
                .body = body};
    route.handle = [handle, route](const HttpRequest& r) { return handle(r, route); };
    router.add(route);
  };
  post("/sdapi/v1/txt2img", "Text to image", BodyKind::Json,
       [&app](const HttpRequest& r, const Route& route) {
         return generate(app, r, route, /*img2img=*/false);
       });
  post("/sdapi/v1/img2img", "Image to image", BodyKind::Json,
       [&app](const HttpRequest& r, const Route& route) {
         return generate(app, r, route, /*img2img=*/true);
       });
  post("/sdapi/v1/png-info", "What a picture says of its making", BodyKind::Json,
       [&app](const HttpRequest& r, const Route& route) {
         return png_info(app, json_body(r, route));
       });
  post("/sdapi/v1/interrupt", "End the running job", BodyKind::OptionalJson,
       [&app](const HttpRequest&, const Route&) {
         end_running(app);
         return HttpResponse::json(Json::object());
       });
  post("/sdapi/v1/skip", "End the running job", BodyKind::OptionalJson,
       [&app](const HttpRequest&, const Route&) {
         end_running(app);
         return HttpResponse::json(nullptr);
       });
  router.add({.method = "GET",
              .pattern = "/sdapi/v1/progress",
              .family = Api::Sdapi,
              .summary = "How far it is",
              .handle = [&app](const HttpRequest& r) { return progress(app, r); }});
  add_sdapi_extra_routes(app, router);
  add_sdapi_list_routes(app, router);
  add_controlnet_routes(app, router);
}

}  // namespace pentimento
