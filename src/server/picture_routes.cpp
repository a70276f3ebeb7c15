// The gallery.
#include <unistd.h>

#include <atomic>

#include "server/app.h"
#include "server/wire.h"
#include "studio/coded_error.h"
#include "studio/zip_export.h"

namespace pentimento {
namespace {

int64_t picture_id(const HttpRequest& request) {
  return parse_public_id('p', request.captures.at(0));
}

HttpResponse list(App& app, const HttpRequest& r) {
  PictureFilter filter;
  filter.text = r.param("q").value_or("").substr(0, 500);
  filter.kind = r.param("kind").value_or("");
  filter.model = r.param("model").value_or("");
  filter.tag = r.param("tag").value_or("");
  filter.input = r.param("input").value_or("");
  if (const auto job = r.param("job"); job && !job->empty())
    filter.job = parse_public_id('j', *job);
  filter.favourite = r.bool_param("favourite");
  filter.trashed = r.bool_param("trashed").value_or(false);
  filter.from = r.number_param("from");
  filter.to = r.number_param("to");
  filter.limit = r.int_param("limit", 50, 1, 200);
  filter.cursor = r.param("cursor").value_or("");
  const PicturePage page = app.studio().gallery.list(filter);
  Json items = Json::array();
  for (const GalleryPicture& picture : page.items) items.push_back(to_wire(picture));
  return HttpResponse::json({{"items", items}, {"next", or_null(page.next)}});
}

HttpResponse file(App& app, const HttpRequest& r) {
  const GalleryPicture picture = app.studio().gallery.get(picture_id(r));
  const bool whole = r.bool_param("metadata").value_or(true);
  std::string format = picture.format;
  HttpResponse response;
  if (whole) {
    response = HttpResponse::bytes(read_whole_file(app.studio().gallery.file(picture)), "");
  } else {
    response = HttpResponse::bytes(clean_copy_of(app.studio().gallery.file(picture), picture.sha256,
                                                 app.studio().options().paths.cache, format),
                                   "");
  }
  response.content_type = content_type_of(format);
  if (r.bool_param("download").value_or(false))
    offer_as_download(response, public_id('p', picture.id) +
                                    (picture.seed ? "-" + std::to_string(*picture.seed) : "") +
                                    "." + format);
  never_changes(r, response, picture.sha256.substr(0, 32) + (whole ? "" : "-c"));
  return response;
}

HttpResponse thumbnail(App& app, const HttpRequest& r) {
  const GalleryPicture picture = app.studio().gallery.get(picture_id(r));
  HttpResponse response =
      HttpResponse::bytes(thumbnail_of(app.studio().gallery.file(picture), picture.sha256,
                                       app.studio().options().paths.cache),
                          "image/webp");
  never_changes(r, response, picture.sha256.substr(0, 32) + "-t");
  return response;
}

HttpResponse settings_of(App& app, const HttpRequest& r) {
  const GalleryPicture picture = app.studio().gallery.get(picture_id(r));
  return HttpResponse::json(
      {{"kind", picture.kind}, {"request", picture.request}, {"inputs", picture.inputs}});
}

HttpResponse lineage_of(App& app, const HttpRequest& r) {
  const int64_t id = picture_id(r);
  app.studio().gallery.get(id);
  const Lineage lineage = app.studio().gallery.lineage(id);
  const auto relations = [](const std::vector<Relation>& list) {
    Json items = Json::array();
    for (const Relation& relation : list)
      items.push_back({{"type", relation.is_input ? "input" : "picture"},
                       {"id", relation.id},
                       {"depth", relation.depth}});
    return items;
  };
  return HttpResponse::json({{"ancestors", relations(lineage.ancestors)},
                             {"descendants", relations(lineage.descendants)}});
}

HttpResponse patch(App& app, const HttpRequest& r, const Route& route) {
  const Json body = json_body(r, route);
  Gallery& gallery = app.studio().gallery;
  GalleryPicture picture = gallery.get(picture_id(r));
  if (body.contains("tags") && body["tags"].is_array())
    picture = gallery.set_tags(picture.id, body["tags"].get<std::vector<std::string>>());
  if (body.contains("favourite") && body["favourite"].is_boolean())
    picture = gallery.set_favourite(picture.id, body["favourite"]);
  app.studio().on.picture(picture);
  return HttpResponse::json(to_wire(picture));
}

std::vector<int64_t> ids_of(const Json& list) {
  std::vector<int64_t> ids;
  for (const Json& id : list) ids.push_back(parse_public_id('p', id));
  return ids;
}

HttpResponse import_one(App& app, const HttpRequest& r) {
  const Gallery::Added added =
      app.studio().import_picture(as_bytes(r.body), r.param("name").value_or("picture"));
  return HttpResponse::json(to_wire(added.picture), added.is_new ? 201 : 200);
}

HttpResponse export_many(App& app, const HttpRequest& r) {
  static std::atomic<int> counter{0};
  const std::string list = r.param("ids").value_or("");
  std::vector<GalleryPicture> pictures;
  std::vector<Json> descriptions;
  for (size_t begin = 0; begin < list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    pictures.push_back(
        app.studio().gallery.get(parse_public_id('p', list.substr(begin, end - begin))));
    descriptions.push_back(to_wire(pictures.back()));
    begin = end + 1;
  }
  if (pictures.empty())
    throw CodedError(ErrorKind::InvalidArgument, "missing_field",
                     "ids is missing: picture ids with commas", "ids");
  const std::filesystem::path folder = app.studio().options().paths.cache / "export";
  std::filesystem::create_directories(folder);
  const auto zip = folder / (std::to_string(::getpid()) + "-" + std::to_string(counter++) + ".zip");
  export_zip(zip, app.studio().gallery, pictures, descriptions,
             r.bool_param("metadata").value_or(true) ? Metadata::Keep : Metadata::Strip,
             app.studio().options().paths.cache);
  HttpResponse response = file_response(zip, "application/zip", /*temporary=*/true);
  offer_as_download(response, "pentimento-" + std::to_string(pictures.size()) + ".zip");
  return response;
}

void add_many_routes(App& app, Router& router) {
  const std::vector<Field> fields = {{.name = "ids",
                                      .type = FieldType::Array,
                                      .what = "picture ids",
                                      .maximum = 10'000,
                                      .required = true,
                                      .items = FieldType::String}};
  const auto verb = [&](const char* name, const char* summary, auto action, bool gone) {
    Route route{.method = "POST",
                .pattern = std::string("/api/v1/pictures/") + name,
                .summary = summary,
                .body = BodyKind::Json,
                .fields = fields};
    route.handle = [&app, route, action, gone](const HttpRequest& r) {
      const auto changed = action(ids_of(json_body(r, route).at("ids")));
      Json ids = Json::array();
      for (const int64_t id : changed) {
        ids.push_back(public_id('p', id));
        if (!gone) app.studio().on.picture(app.studio().gallery.get(id));
      }
      if (gone)
        app.studio().events.publish("pictures_removed",
                                    dumped({{"type", "pictures_removed"}, {"ids", ids}}));
      return HttpResponse::json({{"changed", changed.size()}});
    };
    router.add(route);
  };
  Gallery& gallery = app.studio().gallery;
  verb(
      "trash", "To the trash", [&gallery](const auto& ids) { return gallery.trash(ids); },
      /*gone=*/false);
  verb(
      "restore", "Back from the trash",
      [&gallery](const auto& ids) { return gallery.restore(ids); }, /*gone=*/false);
  verb(
      "delete", "For good, from the trash",
      [&gallery](const auto& ids) { return gallery.erase(ids); }, /*gone=*/true);
}

}  // namespace

void add_picture_routes(App& app, Router& router) {
  const auto get = [&](const char* path, const char* summary, auto handler,
                       std::vector<QueryParam> query = {},
                       const char* returns = "application/json") {
    router.add({.method = "GET",
                .pattern = path,
                .summary = summary,
                .query = std::move(query),
                .statuses = {200, 206, 304},
                .returns = returns,
                .handle = [&app, handler](const HttpRequest& r) { return handler(app, r); }});
  };
  get("/api/v1/pictures", "The gallery, newest first", list,
      {{"q", "words to find"},
       {"kind", ""},
       {"model", ""},
       {"tag", ""},
       {"input", "SHA-256 of an input"},
       {"job", "id of a job"},
       {"favourite", "", FieldType::Boolean},
       {"trashed", "the trash instead", FieldType::Boolean},
       {"from", "seconds since 1970", FieldType::Number},
       {"to", "seconds since 1970", FieldType::Number},
       {"limit", "1 to 200", FieldType::Integer},
       {"cursor", "from `next`"}});
  router.add({.method = "POST",
              .pattern = "/api/v1/pictures/import",
              .summary = "Bring in a picture with its parameters",
              .body = BodyKind::Picture,
              .query = {{"name", "file name, for people"}},
              .statuses = {200, 201},
              .handle = [&app](const HttpRequest& r) { return import_one(app, r); }});
  add_many_routes(app, router);
  get("/api/v1/pictures/{id}", "One picture", [](App& a, const HttpRequest& r) {
    return HttpResponse::json(to_wire(a.studio().gallery.get(picture_id(r))));
  });
  Route edit{.method = "PATCH",
             .pattern = "/api/v1/pictures/{id}",
             .summary = "Favourite and tags",
             .body = BodyKind::Json,
             .fields = {{.name = "favourite", .type = FieldType::Boolean, .what = ""},
                        {.name = "tags",
                         .type = FieldType::Array,
                         .what = "",
                         .maximum = 50,
                         .items = FieldType::String}}};
  edit.handle = [&app, route = edit](const HttpRequest& r) { return patch(app, r, route); };
  router.add(edit);
  get("/api/v1/pictures/{id}/file", "The file", file,
      {{"metadata", "false: without what it says of itself", FieldType::Boolean},
       {"download", "as an attachment", FieldType::Boolean}},
      "image/png");
  get("/api/v1/pictures/{id}/thumbnail", "A small view of it", thumbnail, {}, "image/webp");
  get("/api/v1/pictures/{id}/settings", "What would make it again", settings_of);
  get("/api/v1/pictures/{id}/lineage", "Which picture came from which", lineage_of);
  get("/api/v1/export", "Pictures as a zip", export_many,
      {{"ids", "picture ids with commas"}, {"metadata", "", FieldType::Boolean}},
      "application/zip");
  get("/api/v1/tags", "All tags", [](App& a, const HttpRequest&) {
    Json items = Json::array();
    for (const auto& [tag, count] : a.studio().gallery.tags())
      items.push_back({{"tag", tag}, {"count", count}});
    return HttpResponse::json({{"items", items}, {"next", nullptr}});
  });
}

}  // namespace pentimento
