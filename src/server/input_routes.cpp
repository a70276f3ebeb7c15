#include "image/cutout.h"
#include "image/mask.h"
#include "server/app.h"
#include "server/wire.h"
#include "studio/coded_error.h"
#include "studio/content_store.h"
#include "studio/pictures.h"

namespace pentimento {
namespace {

HttpResponse upload(App& app, const HttpRequest& request) {
  const Inputs::Added added =
      app.studio().inputs.add(as_bytes(request.body), request.param("name").value_or("picture"));
  return HttpResponse::json(to_wire(added.input), added.is_new ? 201 : 200);
}

HttpResponse clean_file(App& app, const HttpRequest& request) {
  const Input input = app.studio().inputs.get(request.captures.at(0));
  std::string format;
  HttpResponse response =
      HttpResponse::bytes(clean_copy_of(app.studio().inputs.file(input), input.sha256,
                                        app.studio().options().paths.cache, format),
                          "");
  response.content_type = content_type_of(format);
  never_changes(request, response, input.sha256.substr(0, 32));
  return response;
}

HttpResponse thumbnail(App& app, const HttpRequest& request) {
  const Input input = app.studio().inputs.get(request.captures.at(0));
  HttpResponse response =
      HttpResponse::bytes(thumbnail_of(app.studio().inputs.file(input), input.sha256,
                                       app.studio().options().paths.cache),
                          "image/webp");
  never_changes(request, response, input.sha256.substr(0, 32) + "-t");
  return response;
}

// A mask of what stands before a plain background, or of the background itself, as an input.
HttpResponse select(App& app, const HttpRequest& request, const Route& route) {
  const Json body = json_body(request, route);
  Inputs& inputs = app.studio().inputs;
  const Input input = inputs.get(request.captures.at(0));
  const std::string bytes = read_whole_file(inputs.file(input));
  CutOutResult found =
      cut_out_from_plain(decode_upload(as_bytes(bytes), input.name, inputs.limits()).image);
  if (!found.cut_out)
    throw CodedError(
        ErrorKind::Unsupported, "no_cutout",
        input.name + ": nothing stands out before a plain background; paint it by hand");
  const Image mask =
      body.at("what") == "background" ? inverted(found.cut_out->mask) : found.cut_out->mask;
  const Inputs::Added added = inputs.add(as_bytes(encode_text(mask, {})), "mask.png");
  return HttpResponse::json(to_wire(added.input), added.is_new ? 201 : 200);
}

}  // namespace

void add_input_routes(App& app, Router& router) {
  router.add({.method = "POST",
              .pattern = "/api/v1/inputs",
              .summary = "Upload a picture",
              .body = BodyKind::Picture,
              .query = {{"name", "file name, for people"}},
              .statuses = {200, 201},
              .handle = [&app](const HttpRequest& r) { return upload(app, r); }});
  Route from{.method = "POST",
             .pattern = "/api/v1/inputs/from-picture",
             .summary = "Make a result the next input",
             .body = BodyKind::Json,
             .fields = {{.name = "picture",
                         .what = "id of a picture in the gallery",
                         .maximum = 20,
                         .required = true}}};
  from.handle = [&app, route = from](const HttpRequest& r) {
    const Json body = json_body(r, route);
    return HttpResponse::json(
        to_wire(app.studio().input_from_picture(parse_public_id('p', body.at("picture"))).input));
  };
  router.add(from);
  Route mask{.method = "POST",
             .pattern = "/api/v1/inputs/{sha256}/select",
             .summary = "A mask of the thing before a plain background, as an input",
             .body = BodyKind::Json,
             .fields = {{.name = "what",
                         .what = "what becomes white",
                         .choices = {"thing", "background"},
                         .required = true}},
             .statuses = {200, 201}};
  mask.handle = [&app, route = mask](const HttpRequest& r) { return select(app, r, route); };
  router.add(mask);
  router.add({.method = "GET",
              .pattern = "/api/v1/inputs/{sha256}",
              .summary = "Is this picture here already?",
              .handle = [&app](const HttpRequest& r) {
                return HttpResponse::json(to_wire(app.studio().inputs.get(r.captures.at(0))));
              }});
  router.add({.method = "GET",
              .pattern = "/api/v1/inputs/{sha256}/file",
              .summary = "The picture, upright, without metadata",
              .statuses = {200, 206, 304},
              .returns = "image/png",
              .handle = [&app](const HttpRequest& r) { return clean_file(app, r); }});
  router.add({.method = "GET",
              .pattern = "/api/v1/inputs/{sha256}/thumbnail",
              .summary = "A small view of it",
              .statuses = {200, 206, 304},
              .returns = "image/webp",
              .handle = [&app](const HttpRequest& r) { return thumbnail(app, r); }});
}

}  // namespace pentimento
