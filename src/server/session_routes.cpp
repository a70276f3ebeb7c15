// Who is signed in: the page's session, and tokens for phones and programs.
#include <qrencode.h>

#include "server/app.h"
#include "server/pairing.h"
#include "studio/coded_error.h"

namespace pentimento {

Json qr_code(const std::string& text) {
  QRcode* code = QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_M);
  if (!code) throw Error(ErrorKind::Internal, "the QR code cannot be drawn");
  Json rows = Json::array();
  for (int y = 0; y < code->width; ++y) {
    std::string row;
    for (int x = 0; x < code->width; ++x) row += (code->data[y * code->width + x] & 1) ? '1' : '0';
    rows.push_back(row);
  }
  const int size = code->width;
  QRcode_free(code);
  return {{"size", size}, {"rows", rows}};
}

// Two rows of modules to a line of text, dark on light, with the quiet zone scanners need.
std::string qr_for_terminal(const std::string& text) {
  const Json code = qr_code(text);
  const int size = code["size"];
  const auto dark = [&](int x, int y) {
    return x >= 0 && y >= 0 && x < size && y < size &&
           code["rows"][static_cast<size_t>(y)]
                   .get_ref<const std::string&>()[static_cast<size_t>(x)] == '1';
  };
  std::string lines;
  for (int y = -2; y < size + 2; y += 2) {
    for (int x = -2; x < size + 2; ++x) {
      const bool top = dark(x, y), bottom = dark(x, y + 1);
      lines += top ? (bottom ? " " : "\u2584") : (bottom ? "\u2580" : "\u2588");
    }
    lines += "\n";
  }
  return lines;
}

namespace {

HttpResponse session(App& app, const HttpRequest& request) {
  const Gate::Identity identity = app.gate().identify(request);
  return HttpResponse::json({{"required", app.gate().options().token_required},
                             {"authenticated", identity.known},
                             {"admin", identity.admin}});
}

HttpResponse sign_in(App& app, const HttpRequest& request, const Route& route) {
  const Json body = json_body(request, route);
  if (const Verdict wait = app.gate().too_many_failures(request.remote_address);
      wait.status != 200) {
    HttpResponse response = HttpResponse::json(
        {{"error", {{"kind", wait.kind}, {"code", wait.code}, {"message", wait.message}}}}, 429);
    response.headers["Retry-After"] = std::to_string(wait.retry_after_s);
    return response;
  }
  const std::string cookie = app.gate().cookie_for(body.at("token"));
  if (cookie.empty()) {
    app.gate().count_failure(request.remote_address);
    throw CodedError(ErrorKind::InvalidArgument, "token_wrong",
                     "the token is not one of this server's", "token");
  }
  HttpRequest known = request;
  known.headers["Cookie"] = "pentimento_session=" + cookie;
  HttpResponse response = session(app, known);
  response.headers["Set-Cookie"] = "pentimento_session=" + cookie +
                                   "; HttpOnly; SameSite=Strict; Path=/; Max-Age=31536000" +
                                   (request.secure ? "; Secure" : "");
  return response;
}

HttpResponse make_token(App& app, const HttpRequest& request, const Route& route) {
  const Json body = json_body(request, route);
  const Tokens::Made made = app.studio().tokens.make(body.at("name"));
  Json urls = Json::array();
  for (const std::string& url : app.options().system.listening)
    urls.push_back(url + "/#token=" + made.secret);
  return HttpResponse::json({{"id", public_id('t', made.info.id)},
                             {"name", made.info.name},
                             {"token", made.secret},
                             {"urls", urls},
                             {"qr", urls.empty() ? Json(nullptr) : qr_code(urls[0])}},
                            201);
}

HttpResponse list_tokens(App& app) {
  Json items = Json::array();
  for (const TokenInfo& token : app.studio().tokens.list())
    items.push_back({{"id", public_id('t', token.id)},
                     {"name", token.name},
                     {"created", token.created},
                     {"last_used", token.last_used ? Json(*token.last_used) : Json(nullptr)}});
  return HttpResponse::json({{"items", items}, {"next", nullptr}});
}

}  // namespace

void add_session_routes(App& app, Router& router) {
  router.add({.method = "GET",
              .pattern = "/api/v1/session",
              .access = Access::Public,
              .summary = "Am I signed in?",
              .handle = [&app](const HttpRequest& r) { return session(app, r); }});
  Route in{.method = "POST",
           .pattern = "/api/v1/session",
           .access = Access::Public,
           .summary = "Sign in with a token",
           .body = BodyKind::Json,
           .fields = {{.name = "token",
                       .what = "as printed at the start or made for this device",
                       .maximum = 200,
                       .required = true}}};
  in.handle = [&app, route = in](const HttpRequest& r) { return sign_in(app, r, route); };
  router.add(in);
  router.add({.method = "DELETE",
              .pattern = "/api/v1/session",
              .access = Access::Public,
              .summary = "Forget the cookie",
              .handle = [](const HttpRequest&) {
                HttpResponse response = HttpResponse::json(
                    {{"required", true}, {"authenticated", false}, {"admin", false}});
                response.headers["Set-Cookie"] =
                    "pentimento_session=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0";
                return response;
              }});
  router.add({.method = "GET",
              .pattern = "/api/v1/tokens",
              .access = Access::Admin,
              .summary = "Devices that may call",
              .handle = [&app](const HttpRequest&) { return list_tokens(app); }});
  Route make{.method = "POST",
             .pattern = "/api/v1/tokens",
             .access = Access::Admin,
             .summary = "Let a device in",
             .body = BodyKind::Json,
             .fields = {{.name = "name",
                         .what = "what to call the device",
                         .minimum = 1,
                         .maximum = 100,
                         .required = true}},
             .statuses = {201}};
  make.handle = [&app, route = make](const HttpRequest& r) { return make_token(app, r, route); };
  router.add(make);
  router.add({.method = "DELETE",
              .pattern = "/api/v1/tokens/{id}",
              .access = Access::Admin,
              .summary = "Sign a device out",
              .statuses = {204},
              .handle = [&app](const HttpRequest& r) {
                app.studio().tokens.remove(parse_public_id('t', r.captures.at(0)));
                return HttpResponse::empty();
              }});
}

}  // namespace pentimento
