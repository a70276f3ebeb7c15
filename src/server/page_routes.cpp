// The studio page's own files.
#include "server/app.h"
#include "server/embedded_assets.h"
#include "studio/coded_error.h"

namespace pentimento {
namespace {

const EmbeddedAsset* find_asset(const std::string& path) {
  for (const EmbeddedAsset& asset : embedded_assets())
    if (asset.path == path) return &asset;
  return nullptr;
}

HttpResponse page(const HttpRequest& request) {
  const EmbeddedAsset* asset = find_asset(request.path == "/" ? "/index.html" : request.path);
  // Addresses inside the page (/gallery, /settings) are its own business; they have no dots.
  if (!asset && request.path.find('.') == std::string::npos) asset = find_asset("/index.html");
  if (!asset) {
    HttpResponse response = HttpResponse::bytes(
        embedded_assets().empty() ? "This program was built without its page: build web/ (npm run "
                                    "build) and then the program again.\n"
                                    "The interfaces work: see /api/v1/openapi.json.\n"
                                  : "There is nothing at this address.\n",
        "text/plain; charset=utf-8");
    response.status = 404;
    return response;
  }
  HttpResponse response =
      HttpResponse::bytes(std::string(asset->bytes), std::string(asset->content_type));
  never_changes(request, response, std::string(asset->etag));
  // Only names that carry a hash never change.
  if (asset->path.rfind("/assets/", 0) != 0) response.headers["Cache-Control"] = "no-cache";
  return response;
}

}  // namespace

void add_page_routes(App&, Router& router) {
  router.add({.method = "GET",
              .pattern = "/",
              .access = Access::Public,
              .family = Api::Page,
              .summary = "The studio page",
              .returns = "text/html",
              .handle = page});
  router.add({.method = "GET",
              .pattern = "/{path*}",
              .access = Access::Public,
              .family = Api::Page,
              .summary = "The page's files",
              .returns = "text/html",
              .handle = page});
}

}  // namespace pentimento
