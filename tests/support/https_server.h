// A small HTTPS server that does exactly what a test tells it, also what servers must not do: send
// other lengths than they announced, hang up in the middle, answer in pieces or not at all.
// Its certificate is made at the start; clients trust it by ca_file().
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace pentimento::testing {

struct WebRequestSeen {
  std::string method, target;                  // "/path?query"
  std::map<std::string, std::string> headers;  // names in lower case
};

// One connection: bytes go out as they are written.
class WebPeer {
 public:
  virtual ~WebPeer() = default;
  virtual void send(const std::string& bytes) = 0;
  // A whole answer with Content-Length; `headers` are lines "Name: value".
  void answer(int status, const std::string& body, const std::vector<std::string>& headers = {});
};

class HttpsServer {
 public:
  using Handler = std::function<void(const WebRequestSeen&, WebPeer&)>;  // one per request
  HttpsServer(const std::filesystem::path& folder, Handler handler);
  ~HttpsServer();
  int port() const { return port_; }
  std::string url() const { return "https://localhost:" + std::to_string(port_); }
  std::filesystem::path ca_file() const { return ca_file_; }
  std::vector<WebRequestSeen> seen() const;
  void set_handler(Handler handler);

 private:
  void serve();
  struct Tls;
  std::unique_ptr<Tls> tls_;
  std::filesystem::path ca_file_;
  int listener_ = -1, port_ = 0;
  mutable std::mutex mutex_;
  Handler handler_;
  std::vector<WebRequestSeen> seen_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

// Serves `body` as servers should: ranges, ETag, If-Range, 416.
void serve_file(const WebRequestSeen& request, WebPeer& peer, const std::string& body,
                const std::string& etag = "\"v1\"");

}  // namespace pentimento::testing
