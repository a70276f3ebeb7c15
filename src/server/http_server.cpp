#include "server/http_server.h"

#include <openssl/ssl.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "server/connection.h"
#include "server/host_names.h"
#include "studio/coded_error.h"

namespace pentimento {
namespace {

// Threads come as connections do, up to a limit, and wait for more.
class GrowingPool : public httplib::TaskQueue {
 public:
  explicit GrowingPool(size_t most) : most_(most) {}

  void enqueue(std::function<void()> task) override {
    std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    if (idle_ < tasks_.size() && threads_.size() < most_) threads_.emplace_back([this] { work(); });
    ready_.notify_one();
  }
  void shutdown() override {
    {
      std::lock_guard lock(mutex_);
      ending_ = true;
    }
    ready_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      ++idle_;
      ready_.wait(lock, [&] { return !tasks_.empty() || ending_; });
      --idle_;
      if (tasks_.empty()) return;
      const auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }

  const size_t most_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> tasks_;
  std::vector<std::thread> threads_;
  size_t idle_ = 0;
  bool ending_ = false;
};

SSL_CTX* make_tls(const std::filesystem::path& certificate, const std::filesystem::path& key) {
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> owned(SSL_CTX_new(TLS_server_method()),
                                                     SSL_CTX_free);
  SSL_CTX* context = owned.get();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1)
    throw Error(ErrorKind::InvalidArgument,
                certificate.string() + ": is not a certificate chain in PEM format");
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1)
    throw Error(ErrorKind::InvalidArgument,
                key.string() + ": is not the PEM key that belongs to " + certificate.string());
  return owned.release();
}

HttpRequest request_of(const httplib::Request& from, bool secure) {
  HttpRequest request;
  request.method = from.method;
  const size_t question = from.target.find('?');
  request.path = percent_decode(from.target.substr(0, question));
  for (const auto& [name, value] : from.params) request.query.emplace(name, value);
  for (const auto& [name, value] : from.headers) request.headers.emplace(name, value);
  request.remote_address = from.remote_addr;
  request.secure = secure;
  return request;
}

// The request a connection thread is busy with, from its header to its answer.
struct InFlight {
  Connection* connection = nullptr;
  HttpRequest request;
  size_t reserved = 0;  // of max_bodies_bytes
};
thread_local InFlight in_flight;

std::string busy_body(const char* limit) {
  return std::string(R"({"error":{"kind":"busy","code":"too_many_connections","message":")") +
         limit + R"( is met; try again","limit":")" + limit + "\"}}";
}

std::string full_house() {
  const std::string body = busy_body("max_connections");
  return "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: "
         "close\r\n"
         "Retry-After: 1\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

struct HttpServer::Impl : public httplib::Server {
  Impl(HttpServerOptions o, HttpHandlers h) : options(std::move(o)), handlers(std::move(h)) {
    limits = options.limits;
    limits.body_bytes = options.max_body_bytes + (1 << 20);
    if (options.certificate)
      tls = make_tls(*options.certificate, options.key.value_or(*options.certificate));
    new_task_queue = [this] {
      return new GrowingPool(static_cast<size_t>(options.max_connections) + 32);
    };
    set_payload_max_length(options.max_body_bytes);
    set_socket_options([](socket_t socket) {
      const int on = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
    set_pre_routing_handler(
        [this](const httplib::Request& from, httplib::Response& to) { return admit(from, to); });
    const auto with_body = [this](const httplib::Request& from, httplib::Response& to) {
      answer_with_body(from, to);
    };
    Post("/", with_body);
    Put("/", with_body);
    Patch("/", with_body);
    Delete("/", with_body);
    set_error_handler(HandlerWithResponse(explain));
  }
  ~Impl() override { SSL_CTX_free(tls); }

  // What the library refuses by itself: a line it cannot parse, a body beyond the limit.
  static HandlerResponse explain(const httplib::Request&, httplib::Response& to) {
    if (!to.body.empty() || to.is_chunked_content_provider_) return HandlerResponse::Unhandled;
    const bool large = to.status == 413 || to.status == 414;
    to.set_content(std::string(R"({"error":{"kind":"invalid_argument","code":")") +
                       (large ? "too_large" : "invalid") +
                       R"(","message":"the request cannot be read (status )" +
                       std::to_string(to.status) + ")\"}}",
                   "application/json");
    return HandlerResponse::Handled;
  }

  HandlerResponse admit(const httplib::Request& from, httplib::Response& to) {
    HttpRequest& request = in_flight.request;
    request = request_of(from, tls != nullptr);
    if (const std::string& range = in_flight.connection->range(); !range.empty())
      request.headers.emplace("Range", range);
    request.hung_up = [connection = in_flight.connection] { return connection->hung_up(); };
    // What is not read now would be taken for the next request.
    const bool has_body = !request.header("Content-Length").empty()
                              ? request.header("Content-Length") != "0"
                              : !request.header("Transfer-Encoding").empty();
    if (auto refusal = handlers.admit(request)) {
      if (has_body) in_flight.connection->close_after_answer();
      send(*refusal, to);
      return HandlerResponse::Handled;
    }
    const bool takes_body = request.method == "POST" || request.method == "PUT" ||
                            request.method == "PATCH" || request.method == "DELETE";
    if (takes_body && has_body) {
      if (reserve_body(request)) return HandlerResponse::Unhandled;
      in_flight.connection->close_after_answer();
      HttpResponse busy;
      busy.status = 503;
      busy.body = busy_body("max_bodies_bytes");
      busy.headers["Retry-After"] = "1";
      send(busy, to);
      return HandlerResponse::Handled;
    }
    if (has_body) in_flight.connection->close_after_answer();
    HttpResponse response = handlers.answer(request);
    send(response, to);
    return HandlerResponse::Handled;
  }

  // False: too much is being read already. A chunked body may turn out to be of any size.
  bool reserve_body(const HttpRequest& request) {
    const std::string length = request.header("Content-Length");
    const size_t bytes =
        length.empty() || length.size() > 15 ? options.max_body_bytes : std::stoull(length);
    std::lock_guard lock(mutex);
    if (bodies > 0 && bodies + bytes > options.max_bodies_bytes) return false;
    bodies += bytes;
    in_flight.reserved = bytes;
    return true;
  }

  void release_body() {
    std::lock_guard lock(mutex);
    bodies -= std::exchange(in_flight.reserved, 0);
  }

  void answer_with_body(const httplib::Request& from, httplib::Response& to) {
    HttpRequest& request = in_flight.request;
    request.body = from.body;
    for (const auto& [name, part] : from.files)
      request.parts.push_back({name, part.filename, part.content_type, part.content});
    HttpResponse response = handlers.answer(request);
    send(response, to);
  }

  void send(HttpResponse& response, httplib::Response& to) {
    handlers.finish(in_flight.request, response);
    to.status = response.status;
    for (const auto& [name, value] : response.headers) to.set_header(name, value);
    if (in_flight.connection->closing()) to.set_header("Connection", "close");
    if (response.stream) {
      to.set_chunked_content_provider(response.content_type,
                                      [stream = response.stream](size_t, httplib::DataSink& sink) {
                                        try {
                                          const auto piece = stream->next();
                                          if (!piece)
                                            sink.done();
                                          else if (!piece->empty())
                                            return sink.write(piece->data(), piece->size());
                                          return true;
                                        } catch (const std::exception& error) {
                                          spdlog::warn("an answer was cut short: {}", error.what());
                                          return false;
                                        }
                                      });
    } else if (response.body.size() > 1024) {
      // Not set_content: the library would compress text with Brotli at its slowest, a second of
      // processor time for the page's script, on a computer that has better things to do.
      const auto body = std::make_shared<const std::string>(std::move(response.body));
      to.set_content_provider(body->size(), response.content_type,
                              [body](size_t offset, size_t length, httplib::DataSink& sink) {
                                return sink.write(body->data() + offset, length);
                              });
    } else if (!response.content_type.empty()) {
      to.set_content(response.body, response.content_type);
    }
  }

  struct Seat {  // counts a connection, by address too
    Seat(Impl& server, std::string address) : server_(server), address_(std::move(address)) {
      std::lock_guard lock(server_.mutex);
      const int mine = ++server_.by_address[address_];
      const int all = ++server_.open;
      granted = all <= server_.options.max_connections &&
                (is_loopback(address_) || mine <= server_.options.max_connections_per_address);
    }
    ~Seat() {
      std::lock_guard lock(server_.mutex);
      --server_.open;
      if (--server_.by_address[address_] == 0) server_.by_address.erase(address_);
    }
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;
    Impl& server_;
    std::string address_;
    bool granted = false;
  };

  bool process_and_close_socket(socket_t socket) override {
    Connection connection(socket, tls ? SSL_new(tls) : nullptr, limits);
    std::string address;
    int port = 0;
    connection.get_remote_ip_and_port(address, port);
    const Seat seat(*this, address);
    if (!seat.granted) {
      connection.close_after_answer();
      const std::string answer = full_house();
      if (!tls) connection.write(answer.data(), answer.size());
      return false;
    }
    if (!connection.handshake()) return false;
    in_flight.connection = &connection;
    constexpr int kMostRequests = 10'000;
    for (int i = 0;
         i < kMostRequests && connection.begin_request([this] { return stopping.load(); }); ++i) {
      bool closed = false;
      in_flight.request = {};
      const bool fine = process_request(connection, i + 1 == kMostRequests || stopping, closed,
                                        [](httplib::Request& request) { request.path = "/"; });
      release_body();
      if (!fine || closed || connection.closing()) break;
    }
    in_flight = {};
    return true;
  }

  int bind() {
    const int port = options.port == 0 ? bind_to_any_port(options.host) : options.port;
    if (port < 0 || (options.port != 0 && !bind_to_port(options.host, options.port)))
      throw CodedError(
          ErrorKind::Io, "io",
          options.host + ":" + std::to_string(options.port) +
              ": cannot be listened on; another program may hold the port: choose one with --port");
    ::listen(svr_sock_, 512);  // the library asks for a backlog of 5
    return port;
  }

  HttpServerOptions options;
  HttpHandlers handlers;
  ConnectionLimits limits;
  SSL_CTX* tls = nullptr;
  std::atomic<bool> stopping{false};
  std::mutex mutex;
  std::map<std::string, int> by_address;
  int open = 0;
  size_t bodies = 0;  // bytes reserved
};

HttpServer::HttpServer(HttpServerOptions options, HttpHandlers handlers)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handlers))) {}
HttpServer::~HttpServer() { stop(); }
int HttpServer::bind() { return impl_->bind(); }
void HttpServer::serve() { impl_->listen_after_bind(); }
void HttpServer::stop() {
  impl_->stopping = true;
  impl_->stop();
}
int HttpServer::connections() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->open;
}

}  // namespace pentimento
