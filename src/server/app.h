// What the server answers: the table of routes in front of the studio, and what every request and
// response passes through (gate, limits, errors, headers, counters).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/gate.h"
#include "server/http_message.h"
#include "server/metrics.h"
#include "server/router.h"
#include "studio/model_catalog.h"
#include "studio/model_downloads.h"
#include "studio/studio.h"

namespace pentimento {

struct SystemInfo {
  std::string device = "CPU", precision = "f32";
  int threads = 0;
  std::vector<std::string> listening;  // "http://127.0.0.1:7860"
};

struct AppOptions {
  GateOptions gate;
  bool allow_stop = false;  // /sdapi/v1/server-kill and -restart
  SystemInfo system;
  // Bytes of compiled networks that leave when a job needs the room.
  std::function<uint64_t()> held_bytes = [] { return uint64_t{0}; };
  // Names of the networks that enlarge, as AUTOMATIC1111 has them where it has them.
  std::function<std::vector<std::string>()> upscalers = [] { return std::vector<std::string>(); };
};

// Thread contract: share freely once constructed.
class App {
 public:
  App(Studio& studio, std::shared_ptr<ModelCatalog> models, AppOptions options);

  // The three steps of HttpHandlers. None throws.
  std::optional<HttpResponse> admit(HttpRequest& request);
  HttpResponse answer(const HttpRequest& request);
  void finish(const HttpRequest& request, HttpResponse& response);

  Studio& studio() { return studio_; }
  ModelCatalog& models() { return *models_; }
  ModelDownloads& downloads() { return downloads_; }
  Gate& gate() { return gate_; }
  Metrics& metrics() { return metrics_; }
  const Router& router() const { return router_; }
  AppOptions& options() { return options_; }
  double started() const { return started_; }
  std::function<void(bool restart)> on_stop_asked = [](bool) {};

 private:
  void watch_studio();
  Studio& studio_;
  std::shared_ptr<ModelCatalog> models_;
  ModelDownloads downloads_;
  AppOptions options_;
  Gate gate_;
  Metrics metrics_;
  Router router_;
  double started_;
};

// One file of routes each.
void add_operation_routes(App& app, Router& router);  // /health, /metrics, /api/v1/openapi.json
void add_page_routes(App& app, Router& router);
void add_session_routes(App& app, Router& router);
void add_input_routes(App& app, Router& router);
void add_job_routes(App& app, Router& router);
void add_picture_routes(App& app, Router& router);
void add_choice_routes(App& app, Router& router);
void add_model_routes(App& app, Router& router);
void add_document_routes(App& app, Router& router);
void add_event_routes(App& app, Router& router);
void add_sdapi_routes(App& app, Router& router);
void add_openai_routes(App& app, Router& router);

}  // namespace pentimento
