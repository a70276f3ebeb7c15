// The whole transport on arbitrary bytes: header filter, HTTP and multipart parser, JSON bodies.
// The bytes go through a real connection; the server must answer or hang up, and go on serving.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "server/http_server.h"
#include "studio/coded_error.h"
#include "studio/fields.h"

namespace {

using namespace pentimento;

HttpResponse answer(const HttpRequest& request) {
  try {
    for (const UploadedPart& part : request.parts) base64_decode(part.content);
    percent_decode(request.path, /*plus_is_space=*/true);
    for (const char* name : {"limit", "cursor"}) request.int_param(name, 1, 0, 200);
    request.bool_param("favourite");
    if (request.content_type() == "application/json")
      return HttpResponse::json(parse_json(request.body));
    HttpResponse response = HttpResponse::bytes(request.body, "text/plain");
    offer_as_download(response, request.param("name").value_or("x"));
    never_changes(request, response, "etag");
    return response;
  } catch (const Error& error) {
    return HttpResponse::json({{"error", error.what()}}, 422);
  }
}

struct Server {
  Server()
      : http({.port = 0,
              .max_body_bytes = 1 << 16,
              .certificate = {},
              .key = {},
              .limits = {.header_seconds = 1, .idle_seconds = 1, .stall_seconds = 1}},
             {.admit = [](HttpRequest&) { return std::optional<HttpResponse>(); },
              .answer = answer,
              .finish = [](const HttpRequest&, HttpResponse& r) { r.headers["X-Fuzz"] = "1"; }}),
        port(http.bind()) {
    std::thread([this] { http.serve(); }).detach();
  }
  HttpServer http;
  int port;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* const server = new Server;  // lives as long as the process
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(server->port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::abort();
  const linger at_once{1, 0};  // no sockets left waiting behind thousands of runs
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  (void)!::send(fd, data, size, MSG_NOSIGNAL);
  ::shutdown(fd, SHUT_WR);
  char piece[4096];
  while (::recv(fd, piece, sizeof piece, 0) > 0) {
  }
  ::close(fd);
  return 0;
}
