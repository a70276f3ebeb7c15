// For the people who run the server: is it alive, how is it doing, what does it offer.
#include "base/memory.h"
#include "base/version.h"
#include "server/app.h"
#include "server/openapi.h"

namespace pentimento {
namespace {

std::string gauge(const char* name, double value) {
  return std::string("# TYPE ") + name + " gauge\n" + name + " " + Json(value).dump() + "\n";
}

HttpResponse metrics_text(App& app) {
  const QueueState queue = app.studio().queue->state();
  std::string text = app.metrics().text();
  text += gauge("pentimento_queue_jobs", queue.queued);
  text += gauge("pentimento_queue_paused", queue.paused ? 1 : 0);
  text += gauge("pentimento_job_running", queue.running ? 1 : 0);
  text += gauge("pentimento_memory_available_bytes", static_cast<double>(available_memory_bytes()));
  text += gauge("pentimento_memory_peak_bytes", static_cast<double>(peak_memory_bytes()));
  text += gauge("pentimento_uptime_seconds", app.studio().clock()() - app.started());
  text += std::string("# TYPE pentimento_info gauge\npentimento_info{version=\"") + kVersion +
          "\"} 1\n";
  return HttpResponse::bytes(text, "text/plain; version=0.0.4; charset=utf-8");
}

}  // namespace

void add_operation_routes(App& app, Router& router) {
  // Touches neither the database nor the worker: it answers while they are busy.
  router.add({.method = "GET",
              .pattern = "/health",
              .access = Access::Public,
              .family = Api::Operation,
              .summary = "Is the server there?",
              .handle = [](const HttpRequest&) {
                return HttpResponse::json({{"status", "ok"}, {"version", kVersion}});
              }});
  router.add({.method = "GET",
              .pattern = "/metrics",
              .access = Access::User,
              .family = Api::Operation,
              .summary = "Numbers for Prometheus",
              .returns = "text/plain",
              .handle = [&app](const HttpRequest&) { return metrics_text(app); }});
  router.add({.method = "GET",
              .pattern = "/api/v1/openapi.json",
              .access = Access::User,
              .family = Api::Native,
              .summary = "This interface, described",
              .handle = [&app](const HttpRequest&) {
                return HttpResponse::json(openapi_document(app.router(), app.studio().kinds()));
              }});
}

}  // namespace pentimento
