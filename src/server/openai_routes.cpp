// OpenAI's images interface (https://platform.openai.com/docs/api-reference/images).
// Limitations: pictures come as b64_json, or as addresses on this server; `quality`, `style`,
// `background` and `moderation` are accepted and mean nothing; there is no streaming.
#include <charconv>

#include "server/app.h"
#include "server/wait_for_job.h"
#include "studio/coded_error.h"

namespace pentimento {
namespace {

// JSON or form fields alike: everything arrives as text or JSON values by name.
struct Form {
  Json values = Json::object();
  std::vector<const UploadedPart*> images;
  const UploadedPart* mask = nullptr;
};

Form form_of(const HttpRequest& request, const Route& route) {
  Form form;
  if (request.content_type() == "application/json") {
    form.values = json_body(request, route);
    return form;
  }
  for (const UploadedPart& part : request.parts) {
    if (part.name == "image" || part.name == "image[]")
      form.images.push_back(&part);
    else if (part.name == "mask")
      form.mask = &part;
    else if (part.content.size() <= 100'000)
      form.values[part.name] = part.content;
  }
  return form;
}

std::string text_of(const Form& form, const char* name, const std::string& fallback) {
  const Json value = form.values.value(name, Json(nullptr));
  if (value.is_null()) return fallback;
  if (!value.is_string())
    throw CodedError(ErrorKind::InvalidArgument, "wrong_type",
                     std::string(name) + " is not a string", name);
  return value;
}

double number_of(const Form& form, const char* name, double fallback, double low, double high) {
  const Json value = form.values.value(name, Json(nullptr));
  double number = fallback;
  if (value.is_number()) {
    number = value.get<double>();
  } else if (value.is_string()) {
    const std::string& text = value.get_ref<const std::string&>();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
      throw CodedError(ErrorKind::InvalidArgument, "wrong_type",
                       std::string(name) + " is not a number", name);
  } else if (!value.is_null()) {
    throw CodedError(ErrorKind::InvalidArgument, "wrong_type",
                     std::string(name) + " is not a number", name);
  }
  if (!(number >= low && number <= high))
    throw CodedError(ErrorKind::InvalidArgument, "out_of_range",
                     std::string(name) + " is " + Json(number).dump() + ", expected " +
                         Json(low).dump() + " to " + Json(high).dump(),
                     name);
  return number;
}

// "512x768" or "auto".
void set_size(Json& request, const std::string& size) {
  if (size == "auto" || size.empty()) return;
  int width = 0, height = 0;
  const char* end = size.data() + size.size();
  const auto first = std::from_chars(size.data(), end, width);
  const bool fine = first.ec == std::errc() && first.ptr != end && *first.ptr == 'x';
  const auto second = fine ? std::from_chars(first.ptr + 1, end, height) : first;
  if (!fine || second.ec != std::errc() || second.ptr != end || width < 64 || height < 64 ||
      width > 2048 || height > 2048)
    throw CodedError(ErrorKind::InvalidArgument, "out_of_range",
                     "size is '" + size.substr(0, 40) +
                         "', expected WIDTHxHEIGHT from 64x64 to 2048x2048, or auto",
                     "size");
  request["width"] = width / 8 * 8;
  request["height"] = height / 8 * 8;
}

// Names of other people's models mean the default one.
void set_model(App& app, Json& request, const std::string& name) {
  if (const auto model = app.models().find("checkpoint", name)) request["model"] = model->name;
}

HttpResponse answer(App& app, const HttpRequest& http, const Form& form, JobSpec spec) {
  spec.request["batch"] = static_cast<int>(number_of(form, "n", 1, 1, 10));
  set_size(spec.request, text_of(form, "size", "auto"));
  set_model(app, spec.request, text_of(form, "model", ""));
  const std::string format = text_of(form, "response_format", "b64_json");
  if (format != "b64_json" && format != "url")
    throw CodedError(ErrorKind::InvalidArgument, "out_of_range",
                     "response_format is '" + format.substr(0, 40) + "', expected b64_json or url",
                     "response_format");
  const Job job = run_and_wait(app, spec, http);
  Json data = Json::array();
  for (const GalleryPicture& picture : app.studio().gallery.of_job(job.id)) {
    const std::string address = std::string(http.secure ? "https://" : "http://") +
                                http.header("Host") + "/api/v1/pictures/" +
                                public_id('p', picture.id) + "/file";
    if (format == "url")
      data.push_back({{"url", address}});
    else
      data.push_back(
          {{"b64_json", base64_encode(read_whole_file(app.studio().gallery.file(picture)))}});
  }
  return HttpResponse::json({{"created", static_cast<int64_t>(job.created)}, {"data", data}});
}

std::string upload(App& app, const UploadedPart& part) {
  return app.studio()
      .inputs.add(as_bytes(part.content), part.filename.empty() ? "image.png" : part.filename)
      .input.sha256;
}

const UploadedPart& first_image(const Form& form) {
  if (form.images.empty())
    throw CodedError(ErrorKind::InvalidArgument, "missing_field",
                     "image is missing: send it as multipart/form-data", "image");
  return *form.images[0];
}

// Theirs: transparent = repaint. Ours: white = repaint.
std::string mask_from_alpha(App& app, const UploadedPart& part) {
  const Image theirs =
      decode_upload(as_bytes(part.content), "mask", app.studio().options().picture_limits).image;
  if (theirs.channels != 4)
    throw CodedError(ErrorKind::CorruptFile, "bad_picture",
                     "mask has no transparency; what should be repainted must be transparent",
                     "mask");
  Image ours(theirs.width, theirs.height, 1);
  for (size_t i = 0; i < ours.pixels.size(); ++i)
    ours.pixels[i] = static_cast<uint8_t>(255 - theirs.pixels[i * 4 + 3]);
  const std::string bytes = encode_text(ours, {.format = "png"});
  return app.studio().inputs.add(as_bytes(bytes), "mask.png").input.sha256;
}

HttpResponse generations(App& app, const HttpRequest& r, const Route& route) {
  const Form form = form_of(r, route);
  const std::string prompt = text_of(form, "prompt", "");
  if (prompt.empty())
    throw CodedError(ErrorKind::InvalidArgument, "missing_field", "prompt is missing", "prompt");
  return answer(app, r, form, {.kind = "txt2img", .request = {{"prompt", prompt}}});
}

HttpResponse edits(App& app, const HttpRequest& r, const Route& route) {
  const Form form = form_of(r, route);
  JobSpec spec{.kind = "img2img",
               .request = {{"prompt", text_of(form, "prompt", "")},
                           {"strength", number_of(form, "strength", 0.75, 0, 1)}}};
  spec.inputs["source"] = upload(app, first_image(form));
  if (form.mask) {
    spec.kind = "inpaint";
    spec.inputs["mask"] = mask_from_alpha(app, *form.mask);
  }
  return answer(app, r, form, std::move(spec));
}

HttpResponse variations(App& app, const HttpRequest& r, const Route& route) {
  const Form form = form_of(r, route);
  JobSpec spec{.kind = "img2img",
               .request = {{"prompt", text_of(form, "prompt", "")},
                           {"strength", number_of(form, "strength", 0.5, 0, 1)}}};
  spec.inputs["source"] = upload(app, first_image(form));
  return answer(app, r, form, std::move(spec));
}

}  // namespace

void add_openai_routes(App& app, Router& router) {
  const auto post = [&](const char* path, const char* summary, BodyKind body, auto handler) {
    Route route{
        .method = "POST", .pattern = path, .family = Api::OpenAi, .summary = summary, .body = body};
    route.handle = [&app, route, handler](const HttpRequest& r) { return handler(app, r, route); };
    router.add(route);
  };
  post("/v1/images/generations", "Text to image", BodyKind::Json, generations);
  post("/v1/images/edits", "Image to image, inpainting", BodyKind::Multipart, edits);
  post("/v1/images/variations", "Image to image without words", BodyKind::Multipart, variations);
  router.add({.method = "GET",
              .pattern = "/v1/models",
              .family = Api::OpenAi,
              .summary = "Checkpoints",
              .handle = [&app](const HttpRequest&) {
                Json data = Json::array();
                for (const CatalogModel& m : app.models().list("checkpoint"))
                  if (!m.problem)
                    data.push_back({{"id", m.name},
                                    {"object", "model"},
                                    {"created", static_cast<int64_t>(app.started())},
                                    {"owned_by", "local"}});
                return HttpResponse::json({{"object", "list"}, {"data", data}});
              }});
}

}  // namespace pentimento
