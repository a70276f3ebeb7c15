// The transport: cpp-httplib (https://github.com/yhirose/cpp-httplib) behind our own connections.
// It only turns bytes into HttpRequest and HttpResponse into bytes; what to answer is App's
// business.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "server/connection_limits.h"
#include "server/http_message.h"

namespace pentimento {

struct HttpServerOptions {
  std::string host = "127.0.0.1";
  int port = 7860;  // 0: any free one
  int max_connections = 256;
  int max_connections_per_address = 64;  // not for loopback: proxies and the page's own tabs
  size_t max_body_bytes = 128 << 20;
  // Of all bodies that are being read or answered: what many large uploads at once may take. One
  // alone is always let in.
  size_t max_bodies_bytes = 512 << 20;
  std::optional<std::filesystem::path> certificate, key;  // PEM: HTTPS instead of HTTP
  ConnectionLimits limits;                                // body_bytes follows max_body_bytes
};

// What the transport asks. Called on connection threads; must not throw.
struct HttpHandlers {
  // Before the body is read. An answer here ends the request.
  std::function<std::optional<HttpResponse>(HttpRequest&)> admit;
  std::function<HttpResponse(const HttpRequest&)> answer;
  // Every response passes here last: common headers, counting.
  std::function<void(const HttpRequest&, HttpResponse&)> finish;
};

// Thread contract: serve() blocks its thread; stop() from any thread or a signal watcher.
class HttpServer {
 public:
  HttpServer(HttpServerOptions options, HttpHandlers handlers);
  ~HttpServer();
  int bind();    // the port; throws Error when it is taken or not ours to take
  void serve();  // until stop()
  void stop();
  int connections() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pentimento
