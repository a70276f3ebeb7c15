// A small HTTP client for the tests: cpp-httplib's, with JSON.
#pragma once

#include <httplib.h>

#include <map>
#include <string>

#include "studio/fields.h"

namespace pentimento::testing {

struct Answer {
  int status = 0;
  httplib::Headers headers;
  std::string body;
  Json json() const { return Json::parse(body, nullptr, /*allow_exceptions=*/false); }
  std::string header(const std::string& name) const {
    const auto it = headers.find(name);
    return it == headers.end() ? "" : it->second;
  }
};

class Client {
 public:
  explicit Client(int port) : http_("127.0.0.1", port) {
    http_.set_read_timeout(30);
    http_.set_keep_alive(true);
  }
  httplib::Headers headers;  // sent with every request

  Answer get(const std::string& path) { return answer(http_.Get(path, headers)); }
  Answer options(const std::string& path) { return answer(http_.Options(path, headers)); }
  Answer remove(const std::string& path) { return answer(http_.Delete(path, headers)); }
  Answer post(const std::string& path, const Json& body) {
    return send("POST", path, body.dump(), "application/json");
  }
  Answer put(const std::string& path, const Json& body) {
    return send("PUT", path, body.dump(), "application/json");
  }
  Answer patch(const std::string& path, const Json& body) {
    return send("PATCH", path, body.dump(), "application/json");
  }
  Answer send(const std::string& method, const std::string& path, const std::string& body,
              const std::string& type) {
    httplib::Request request;
    request.method = method;
    request.path = path;
    request.headers = headers;
    request.body = body;
    if (!type.empty()) request.set_header("Content-Type", type);
    return answer(http_.send(request));
  }
  httplib::Client& http() { return http_; }

 private:
  static Answer answer(const httplib::Result& result) {
    if (!result) return {};
    return {result->status, result->headers, result->body};
  }
  httplib::Client http_;
};

// Sends bytes as they are and returns everything that comes back until the server hangs up.
std::string raw_exchange(int port, const std::string& bytes, double seconds = 5);

}  // namespace pentimento::testing
