// AUTOMATIC1111's Extras tab (enlarging, one picture or many) and its interrogator.
#include "server/sdapi_extras.h"

#include <algorithm>

#include "image/resize.h"
#include "server/sdapi_request.h"
#include "server/wait_for_job.h"
#include "studio/coded_error.h"

namespace pentimento {
namespace {

std::vector<Field> extras_fields() {
  const auto number = [](const char* name, double fallback, double low, double high) {
    return Field{.name = name,
                 .type = FieldType::Number,
                 .default_value = fallback,
                 .minimum = low,
                 .maximum = high};
  };
  return {{.name = "resize_mode",
           .type = FieldType::Integer,
           .default_value = 0,
           .minimum = 0,
           .maximum = 1},
          {.name = "show_extras_results", .type = FieldType::Boolean, .default_value = true},
          number("gfpgan_visibility", 0, 0, 1),
          number("codeformer_visibility", 0, 0, 1),
          number("codeformer_weight", 0, 0, 1),
          number("upscaling_resize", 2, 0.01, 16),
          {.name = "upscaling_resize_w",
           .type = FieldType::Integer,
           .default_value = 512,
           .minimum = 1,
           .maximum = 16384},
          {.name = "upscaling_resize_h",
           .type = FieldType::Integer,
           .default_value = 512,
           .minimum = 1,
           .maximum = 16384},
          {.name = "upscaling_crop", .type = FieldType::Boolean, .default_value = true},
          {.name = "upscaler_1", .default_value = "None"},
          {.name = "upscaler_2", .default_value = "None"},
          number("extras_upscaler_2_visibility", 0, 0, 1),
          {.name = "upscale_first", .type = FieldType::Boolean, .default_value = false},
          {.name = "image", .default_value = ""},
          {.name = "imageList", .type = FieldType::Array, .default_value = Json::array()}};
}

// webui-spec §6.5 and §6.8: dest = int(w * scale) // 8 * 8.
struct Size {
  int width, height;
};
Size enlarged_size(const Image& image, double scale) {
  const auto edge = [&](int px) { return std::max(8, static_cast<int>(px * scale) / 8 * 8); };
  const Size size{edge(image.width), edge(image.height)};
  if (static_cast<int64_t>(size.width) * size.height > 64'000'000)
    throw CodedError(ErrorKind::InvalidArgument, "too_large",
                     "the result would be " + std::to_string(size.width) + "x" +
                         std::to_string(size.height) + ", more than max_picture_pixels, 64000000")
        .with_limit("max_picture_pixels");
  return size;
}

// Resampling is done at once; networks take their turn in the queue.
class Enlarger {
 public:
  Enlarger(App& app, const HttpRequest& request) : app_(app), request_(request) {}

  Image operator()(const Image& image, double scale, const std::string& upscaler) const {
    const Size size = enlarged_size(image, scale);
    if (upscaler == "Lanczos") return resize(image, size.width, size.height, Filter::Lanczos);
    if (upscaler == "Nearest") return resize(image, size.width, size.height, Filter::Nearest);
    const auto names = app_.options().upscalers();
    if (std::find(names.begin(), names.end(), upscaler) == names.end())
      throw CodedError(ErrorKind::NotFound, "not_found",
                       "could not find upscaler named " + upscaler.substr(0, 80));
    JobSpec spec{
        .kind = "upscale",
        .request = {{"upscaler", upscaler}, {"width", size.width}, {"height", size.height}}};
    const std::string bytes = encode_text(image, {.format = "png"});
    spec.inputs["source"] = app_.studio().inputs.add(as_bytes(bytes), "extras.png").input.sha256;
    const Job job = run_and_wait(app_, spec, request_);
    const auto pictures = app_.studio().gallery.of_job(job.id);
    if (pictures.empty())
      throw CodedError(ErrorKind::Cancelled, "cancelled", "the job was cancelled");
    const std::string file = read_whole_file(app_.studio().gallery.file(pictures.front()));
    return decode_picture(as_bytes(file), "enlarged").image;
  }

 private:
  App& app_;
  const HttpRequest& request_;
};

Image blended(const Image& a, const Image& b, double share_of_b) {
  Image out = a;
  for (size_t i = 0; i < out.pixels.size(); ++i)
    out.pixels[i] =
        static_cast<uint8_t>(a.pixels[i] * (1 - share_of_b) + b.pixels[i] * share_of_b + 0.5);
  return out;
}

Image with_extras(const Image& image, const Json& p, const Enlarger& enlarged) {
  if (p.at("gfpgan_visibility").get<double>() > 0 ||
      p.at("codeformer_visibility").get<double>() > 0)
    throw CodedError(ErrorKind::Unsupported, "unsupported",
                     "there is no face restoration here; leave gfpgan_visibility and "
                     "codeformer_visibility at 0");
  const std::string first = p.at("upscaler_1"), second = p.at("upscaler_2");
  if (first == "None") return image;
  const int width = p.at("upscaling_resize_w").get<int>(),
            height = p.at("upscaling_resize_h").get<int>();
  const bool to_size = p.at("resize_mode").get<int>() == 1;
  const double scale = to_size ? std::max(static_cast<double>(width) / image.width,
                                          static_cast<double>(height) / image.height)
                               : p.at("upscaling_resize").get<double>();
  Image out = enlarged(image, scale, first);
  const double visibility = p.at("extras_upscaler_2_visibility").get<double>();
  if (second != "None" && visibility > 0)
    out = blended(out, enlarged(image, scale, second), visibility);
  return to_size && p.at("upscaling_crop").get<bool>()
             ? resize_image(out, width, height, ResizeMode::Crop)
             : out;
}

Json extras_of(const Json& body) {
  const auto fields = extras_fields();
  Json known = Json::object();
  for (const Field& field : fields)
    if (body.contains(field.name)) known[field.name] = body[field.name];
  check(known, fields);
  return with_defaults(known, fields);
}

std::string extras_one(App& app, const HttpRequest& request, const Json& p, const std::string& text,
                       const std::string& field) {
  const std::string bytes = decode_image_field(text, field);
  const Picture picture =
      decode_upload(as_bytes(bytes), field, app.studio().options().picture_limits);
  return base64_encode(encode_text(with_extras(picture.image, p, Enlarger(app, request)),
                                   {.format = "png", .text = picture.text}));
}

HttpResponse extra_batch(App& app, const HttpRequest& request, const Json& body) {
  const Json p = extras_of(body);
  if (p["imageList"].empty())
    throw CodedError(ErrorKind::InvalidArgument, "missing_field", "imageList is missing",
                     "imageList");
  Json images = Json::array();
  for (const Json& item : p["imageList"]) {
    if (!item.is_object() || !item.value("data", Json()).is_string())
      throw CodedError(ErrorKind::InvalidArgument, "wrong_type",
                       "imageList holds something that is not {data, name}", "imageList");
    images.push_back(extras_one(app, request, p, item["data"], "imageList"));
  }
  return HttpResponse::json({{"html_info", ""}, {"images", images}});
}

// A caption from the job `describe`; "clip" and "deepdanbooru" are the names clients know.
HttpResponse interrogate(App& app, const HttpRequest& request, const Json& body) {
  const Json model = body.value("model", Json("clip"));
  if (model != "clip" && model != "deepdanbooru")
    throw CodedError(ErrorKind::NotFound, "not_found", "Model not found");
  const Json image = body.value("image", Json());
  if (!image.is_string() || image.get_ref<const std::string&>().empty())
    throw CodedError(ErrorKind::NotFound, "not_found", "Image not found");
  const auto kinds = app.studio().kinds();
  if (std::none_of(kinds.begin(), kinds.end(),
                   [](const JobKind& k) { return k.kind == "describe"; }))
    throw CodedError(ErrorKind::Unsupported, "unsupported", "this build cannot describe pictures");
  JobSpec spec{.kind = "describe"};
  const std::string bytes = decode_image_field(image, "image");
  spec.inputs["source"] = app.studio().inputs.add(as_bytes(bytes), "picture.png").input.sha256;
  const Job job = run_and_wait(app, spec, request);
  const Json result = job.result.value_or(Json::object());
  return HttpResponse::json({{"caption", result.value("caption", "")}});
}

}  // namespace

void add_sdapi_extra_routes(App& app, Router& router) {
  const auto post = [&](const char* path, const char* summary, auto answer) {
    Route route{.method = "POST",
                .pattern = path,
                .family = Api::Sdapi,
                .summary = summary,
                .body = BodyKind::Json};
    route.handle = [&app, answer, route](const HttpRequest& r) {
      return answer(app, r, json_body(r, route));
    };
    router.add(route);
  };
  post("/sdapi/v1/extra-single-image", "Enlarge",
       [](App& a, const HttpRequest& r, const Json& body) {
         const Json p = extras_of(body);
         return HttpResponse::json(
             {{"html_info", ""}, {"image", extras_one(a, r, p, p.at("image"), "image")}});
       });
  post("/sdapi/v1/extra-batch-images", "Enlarge many", extra_batch);
  post("/sdapi/v1/interrogate", "Describe a picture", interrogate);
}

}  // namespace pentimento
