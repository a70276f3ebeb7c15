#include "server/app.h"
#include "server/wire.h"
#include "studio/coded_error.h"

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
  router.add({.method = "GET",
              .pattern = "/api/v1/inputs/{sha256}",
              .summary = "Is this picture here already?",
              .handle = [&app](const HttpRequest& r) {
                return HttpResponse::json(to_wire(app.studio().inputs.get(r.captures.at(0))));
              }});
  router.add({.method = "GET",
              .pattern = "/api/v1/inputs/{sha256}/file",
              .summary = "The picture, upright, without metadata",
              .statuses = {200, 304},
              .returns = "image/png",
              .handle = [&app](const HttpRequest& r) { return clean_file(app, r); }});
  router.add({.method = "GET",
              .pattern = "/api/v1/inputs/{sha256}/thumbnail",
              .summary = "A small view of it",
              .statuses = {200, 304},
              .returns = "image/webp",
              .handle = [&app](const HttpRequest& r) { return thumbnail(app, r); }});
}

}  // namespace pentimento
