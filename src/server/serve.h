// `pentimento serve`: the studio behind HTTP until it is told to stop.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/paths.h"
#include "base/progress.h"
#include "runtime/runtime.h"
#include "server/connection_limits.h"
#include "studio/job_runner.h"
#include "studio/model_catalog.h"
#include "studio/studio.h"

namespace pentimento {

struct ServeOptions {
  Paths paths;
  RuntimeOptions runtime;
  std::string address = "127.0.0.1";  // beyond loopback a token is required
  int port = 7860;                    // 0: any free one, told on the first line
  std::string token;  // the owner's; empty: kept in CONFIG/token, made at the first start
  std::vector<std::string> allowed_hosts;  // --allow-host
  std::vector<std::string> cors_origins;   // --cors-allow-origins
  std::string api_auth;                    // --api-auth user:password[,…]
  std::optional<std::filesystem::path> tls_certificate, tls_key;
  std::vector<std::filesystem::path> model_folders;  // further ones, or whole A1111/ComfyUI trees
  uint64_t model_memory_bytes = 0;  // that networks of all models may keep; 0: what the system has
  bool allow_stop = false;          // --api-server-stop
  double grace_seconds = 10;        // a running job may finish for so long when stopping
  CancelToken stop;                 // raised by Ctrl-C or SIGTERM
  std::function<void(const std::string&)> say = [](const std::string&) {};  // lines for people

  int max_connections = 256;
  size_t max_bodies_bytes = 512 << 20;
  ConnectionLimits limits;  // tests are in a hurry

  // Tests replace what computes and what is found.
  std::function<JobRunners(Studio&, std::shared_ptr<ModelCatalog>)> make_runners;
  std::shared_ptr<ModelCatalog> catalog;
};

// Blocks until options.stop; returns the exit code (0 after a clean stop). Throws Error when it
// cannot start: the port is taken, the data folder is in use.
int serve(const ServeOptions& options);

}  // namespace pentimento
