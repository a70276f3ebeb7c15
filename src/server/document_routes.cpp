// Canvas documents: what people draw, with revisions.
#include "server/app.h"
#include "server/wire.h"
#include "studio/coded_error.h"

namespace pentimento {
namespace {

constexpr size_t kLargestDocument = 8u << 20;

std::string content_of(const Json& body) {
  std::string content = dumped(body.at("content"));
  if (content.size() > kLargestDocument)
    throw CodedError(ErrorKind::InvalidArgument, "too_large",
                     "content is " + std::to_string(content.size()) + " bytes, at most " +
                         std::to_string(kLargestDocument) + " are kept",
                     "content")
        .with_limit("max_document_bytes");
  return content;
}

Json whole(const Document& document) {
  Json json = to_wire(document);
  json["content"] = Json::parse(document.content);
  return json;
}

int64_t document_id(const HttpRequest& request) {
  return parse_public_id('d', request.captures.at(0));
}

void tell(App& app, const Document& d) {
  Json event = to_wire(d);
  event["type"] = "document";
  app.studio().events.publish("document", dumped(event));
}

HttpResponse list(App& app, const HttpRequest& r) {
  const auto input = r.param("input");
  const int limit = r.int_param("limit", 50, 1, 200),
            offset = r.int_param("cursor", 0, 0, 10'000'000);
  auto documents = app.studio().documents.list(input && !input->empty() ? input : std::nullopt,
                                               limit + 1, offset);
  const bool more = static_cast<int>(documents.size()) > limit;
  if (more) documents.pop_back();
  Json items = Json::array();
  for (const Document& document : documents) items.push_back(to_wire(document));
  return HttpResponse::json(
      {{"items", items}, {"next", more ? Json(std::to_string(offset + limit)) : Json(nullptr)}});
}

HttpResponse save(App& app, const HttpRequest& r, const Route& route) {
  const Json body = json_body(r, route);
  const int64_t id = document_id(r);
  if (const auto saved =
          app.studio().documents.save(id, body.at("revision").get<int64_t>(), content_of(body))) {
    tell(app, *saved);
    return HttpResponse::json(to_wire(*saved));
  }
  const Document current = app.studio().documents.get(id);
  return HttpResponse::json(
      {{"error",
        {{"kind", "invalid_argument"},
         {"code", "conflict"},
         {"message", "the document was saved by someone else (revision " +
                         std::to_string(current.revision) + "); nothing was written"},
         {"field", "revision"},
         {"current", whole(current)}}}},
      409);
}

}  // namespace

void add_document_routes(App& app, Router& router) {
  router.add({.method = "GET",
              .pattern = "/api/v1/documents",
              .summary = "Canvas documents, newest first",
              .query = {{"input", "SHA-256 of the picture"},
                        {"limit", "1 to 200", FieldType::Integer},
                        {"cursor", "from `next`"}},
              .handle = [&app](const HttpRequest& r) { return list(app, r); }});
  const Field content{.name = "content",
                      .type = FieldType::Object,
                      .what = "anything of the page's",
                      .required = true};
  Route add{
      .method = "POST",
      .pattern = "/api/v1/documents",
      .summary = "A new document",
      .body = BodyKind::Json,
      .fields = {{.name = "input", .what = "SHA-256 of the picture", .minimum = 64, .maximum = 64},
                 {.name = "name", .default_value = "", .what = "for people", .maximum = 200},
                 content},
      .statuses = {201}};
  add.handle = [&app, route = add](const HttpRequest& r) {
    const Json body = with_defaults(json_body(r, route), route.fields);
    const auto input =
        body["input"].is_null() ? std::nullopt : std::optional(body["input"].get<std::string>());
    const Document document = app.studio().documents.add(input, body["name"], content_of(body));
    tell(app, document);
    return HttpResponse::json(whole(document), 201);
  };
  router.add(add);
  router.add({.method = "GET",
              .pattern = "/api/v1/documents/{id}",
              .summary = "One document",
              .handle = [&app](const HttpRequest& r) {
                return HttpResponse::json(whole(app.studio().documents.get(document_id(r))));
              }});
  Route put{.method = "PUT",
            .pattern = "/api/v1/documents/{id}",
            .summary = "Save over a revision one has seen",
            .body = BodyKind::Json,
            .fields = {{.name = "revision",
                        .type = FieldType::Integer,
                        .what = "the one it was made from",
                        .minimum = 1,
                        .maximum = 1e12,
                        .required = true},
                       content},
            .statuses = {200}};
  put.handle = [&app, route = put](const HttpRequest& r) { return save(app, r, route); };
  router.add(put);
  router.add({.method = "DELETE",
              .pattern = "/api/v1/documents/{id}",
              .summary = "Delete a document",
              .statuses = {204},
              .handle = [&app](const HttpRequest& r) {
                app.studio().documents.remove(document_id(r));
                return HttpResponse::empty();
              }});
}

}  // namespace pentimento
