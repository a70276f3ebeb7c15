#include "server/app.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <mutex>

#include "base/version.h"
#include "server/errors.h"
#include "server/wire.h"
#include "studio/coded_error.h"

namespace pentimento {
namespace {

Api family_of(const std::string& path) {
  if (path.rfind("/sdapi/", 0) == 0 || path.rfind("/controlnet/", 0) == 0 ||
      path.rfind("/internal/", 0) == 0)
    return Api::Sdapi;
  if (path.rfind("/v1/", 0) == 0) return Api::OpenAi;
  if (path.rfind("/api/", 0) == 0) return Api::Native;
  return Api::Page;
}

size_t largest_body(const Route& route) {
  switch (route.body) {
    case BodyKind::None:
      return 64 << 10;
    case BodyKind::Json:
    case BodyKind::OptionalJson:
      return route.family == Api::Sdapi || route.family == Api::OpenAi ? 128u << 20 : 9u << 20;
    case BodyKind::Picture:
      return 64u << 20;
    case BodyKind::Multipart:
      return 128u << 20;
  }
  return 0;
}

bool fits_content_type(const Route& route, const std::string& type) {
  switch (route.body) {
    case BodyKind::None:
      return true;
    case BodyKind::Json:
      return type == "application/json";
    case BodyKind::OptionalJson:
      return type == "application/json";
    case BodyKind::Picture:
      return type == "image/png" || type == "image/jpeg" || type == "image/webp";
    case BodyKind::Multipart:
      return type == "multipart/form-data" || type == "application/json";
  }
  return false;
}

const char* wanted_content_type(BodyKind kind) {
  if (kind == BodyKind::Picture) return "image/png, image/jpeg or image/webp";
  return kind == BodyKind::Multipart ? "multipart/form-data or application/json"
                                     : "application/json";
}

// What is known before the body is read.
void check_body_headers(const HttpRequest& request, const Route& route) {
  if (!request.header("Content-Encoding").empty())
    throw CodedError(ErrorKind::InvalidArgument, "content_type",
                     "compressed bodies are not taken; send it without Content-Encoding");
  const std::string length = request.header("Content-Length");
  const bool chunked = !request.header("Transfer-Encoding").empty();
  if (!length.empty() &&
      (length.size() > 15 || length.find_first_not_of("0123456789") != std::string::npos))
    throw CodedError(ErrorKind::InvalidArgument, "bad_json", "Content-Length is not a number");
  const size_t bytes = length.empty() ? 0 : std::stoull(length);
  if (bytes > largest_body(route))
    throw CodedError(ErrorKind::InvalidArgument, "too_large",
                     "the body is " + length + " bytes, at most " +
                         std::to_string(largest_body(route)) + " are taken here")
        .with_limit("max_body_bytes");
  const bool changes = request.method != "GET" && request.method != "HEAD";
  const bool empty = bytes == 0 && !chunked;
  if (changes &&
      !(empty && (route.body == BodyKind::OptionalJson || route.body == BodyKind::None)) &&
      !fits_content_type(route, request.content_type()))
    throw CodedError(ErrorKind::InvalidArgument, "content_type",
                     std::string("Content-Type is '") + request.content_type().substr(0, 60) +
                         "', expected " + wanted_content_type(route.body));
}

ShownError no_such_route(const HttpRequest& request, const Router::Match& match) {
  if (match.other_methods.empty())
    return {404, "not_found", "no_route", "there is nothing at this address", {}, {}};
  return {405, "invalid_argument", "method", request.method + " is not answered here", {}, {}};
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

App::App(Studio& studio, std::shared_ptr<ModelCatalog> models, AppOptions options)
    : studio_(studio),
      models_(std::move(models)),
      downloads_({.paths = studio.options().paths, .clock = studio.clock()}, models_),
      options_(std::move(options)),
      gate_(options_.gate, studio.tokens, studio.clock()),
      started_(studio.clock()()) {
  add_operation_routes(*this, router_);
  add_session_routes(*this, router_);
  add_input_routes(*this, router_);
  add_job_routes(*this, router_);
  add_picture_routes(*this, router_);
  add_choice_routes(*this, router_);
  add_model_routes(*this, router_);
  add_document_routes(*this, router_);
  add_event_routes(*this, router_);
  add_sdapi_routes(*this, router_);
  add_openai_routes(*this, router_);
  add_page_routes(*this, router_);
  watch_studio();
}

// The studio's changes become events, and numbers for /metrics. A change is told by the thread that
// made it, after it is stored: another thread may have changed the job again by then and told of
// that first. So each is told as it is when its turn comes, and what comes last is never old.
void App::watch_studio() {
  const auto publish = [this](const char* type, Json data) {
    data["type"] = type;
    studio_.events.publish(type, dumped(data));
  };
  const auto turn = std::make_shared<std::mutex>();
  studio_.on.job = [this, publish, turn](const Job& job) {
    const bool ended = job.state != JobState::Queued && job.state != JobState::Running;
    if (ended)
      metrics_.count("pentimento_jobs_ended_total",
                     "kind=\"" + job.kind + "\",state=\"" + to_string(job.state) + "\"");
    std::lock_guard lock(*turn);
    try {
      publish("job", {{"job", to_wire(studio_, studio_.queue->get(job.id))}});
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::NotFound) throw;  // removed since: that is told by itself
    }
  };
  studio_.on.progress = [publish](int64_t job, const JobProgress& progress) {
    publish("progress", {{"job", public_id('j', job)}, {"progress", to_wire(progress, job)}});
  };
  studio_.on.picture = [this, publish](const GalleryPicture& picture) {
    metrics_.count("pentimento_pictures_total");
    publish("picture", {{"picture", to_wire(picture)}});
  };
  studio_.on.queue = [this, publish, turn] {
    std::lock_guard lock(*turn);
    publish("queue", {{"queue", queue_to_wire(studio_)}});
  };
}

std::optional<HttpResponse> App::admit(HttpRequest& request) {
  const Api family = family_of(request.path);
  try {
    Router::Match match = router_.match(request.method, request.path);
    // The page's catch-all answers for the page only.
    if (match.route && match.route->family == Api::Page && family != Api::Page)
      match.route = nullptr;
    const Verdict verdict = gate_.check(request, match.route);
    if (verdict.status != 200) {
      HttpResponse response = error_response(
          family, {verdict.status, verdict.kind, verdict.code, verdict.message, {}, {}});
      if (verdict.status == 401 && family == Api::Sdapi && !gate_.options().basic_auth.empty())
        response.headers["WWW-Authenticate"] = "Basic realm=\"pentimento\"";
      else if (verdict.status == 401)
        response.headers["WWW-Authenticate"] = "Bearer";
      if (verdict.retry_after_s)
        response.headers["Retry-After"] = std::to_string(verdict.retry_after_s);
      return response;
    }
    if (request.method == "OPTIONS") {
      HttpResponse response = HttpResponse::empty(204);
      response.headers["Allow"] = join(match.other_methods);
      return response;
    }
    if (!match.route) {
      HttpResponse response = error_response(family, no_such_route(request, match));
      if (!match.other_methods.empty()) response.headers["Allow"] = join(match.other_methods);
      return response;
    }
    check_body_headers(request, *match.route);
    request.captures = std::move(match.captures);
    return std::nullopt;
  } catch (...) {
    return error_response(family, shown_error(std::current_exception()));
  }
}

HttpResponse App::answer(const HttpRequest& request) {
  const Router::Match match = router_.match(request.method, request.path);
  try {
    return match.route->handle(request);
  } catch (...) {
    return error_response(match.route->family, shown_error(std::current_exception()));
  }
}

void App::finish(const HttpRequest& request, HttpResponse& response) {
  HeaderMap& h = response.headers;
  h["X-Pentimento-Version"] = kVersion;
  h["X-Content-Type-Options"] = "nosniff";
  h["Referrer-Policy"] = "no-referrer";
  h["Cross-Origin-Opener-Policy"] = "same-origin";
  h["X-Frame-Options"] = "DENY";
  h.emplace("Content-Security-Policy",
            "default-src 'self'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; "
            "connect-src 'self'; worker-src 'self' blob:; "
            "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  h["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()";
  h.emplace("Cache-Control", "no-store");
  const HeaderMap cors = gate_.cors_headers(request);
  for (const auto& [name, value] : cors) h[name] = value;
  h["Cross-Origin-Resource-Policy"] = cors.empty() ? "same-origin" : "cross-origin";
  metrics_.count("pentimento_http_requests_total",
                 "status=\"" + std::to_string(response.status) + "\"");
  // No query, no body: prompts and tokens never reach the log.
  spdlog::log(response.status >= 500 ? spdlog::level::warn : spdlog::level::debug, "{} {} {}",
              request.method, percent_encode(request.path.substr(0, 200)), response.status);
}

}  // namespace pentimento
