#include "support/https_server.h"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>

namespace pentimento::testing {
namespace {

struct Certificate {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* x509 = X509_new();
  Certificate() {
    X509_set_version(x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509), 24 * 3600);
    X509_set_pubkey(x509, key);
    X509_NAME* name = X509_get_subject_name(x509);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(x509, name);
    for (const auto& [nid, value] :
         {std::pair(NID_subject_alt_name, "DNS:localhost,DNS:cdn.localhost,IP:127.0.0.1"),
          std::pair(NID_basic_constraints, "critical,CA:TRUE")}) {
      X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
      X509_add_ext(x509, extension, -1);
      X509_EXTENSION_free(extension);
    }
    X509_sign(x509, key, EVP_sha256());
  }
  ~Certificate() {
    X509_free(x509);
    EVP_PKEY_free(key);
  }
};

class TlsPeer : public WebPeer {
 public:
  explicit TlsPeer(SSL* ssl) : ssl_(ssl) {}
  void send(const std::string& bytes) override {
    size_t done = 0;
    while (done < bytes.size()) {
      const int n = SSL_write(ssl_, bytes.data() + done, static_cast<int>(bytes.size() - done));
      if (n <= 0) return;  // the client has gone
      done += static_cast<size_t>(n);
    }
  }

 private:
  SSL* ssl_;
};

WebRequestSeen parse(const std::string& head) {
  WebRequestSeen request;
  const size_t first = head.find(' '), second = head.find(' ', first + 1);
  request.method = head.substr(0, first);
  request.target = head.substr(first + 1, second - first - 1);
  for (size_t at = head.find("\r\n") + 2; at < head.size();) {
    const size_t end = head.find("\r\n", at);
    const std::string line = head.substr(at, end - at);
    const size_t colon = line.find(": ");
    if (colon == std::string::npos) break;
    std::string name = line.substr(0, colon);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    request.headers[name] = line.substr(colon + 2);
    at = end + 2;
  }
  return request;
}

}  // namespace

struct HttpsServer::Tls {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  ~Tls() { SSL_CTX_free(context); }
};

void WebPeer::answer(int status, const std::string& body, const std::vector<std::string>& headers) {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " Said\r\nConnection: close\r\n";
  for (const std::string& header : headers) head += header + "\r\n";
  send(head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
}

HttpsServer::HttpsServer(const std::filesystem::path& folder, Handler handler)
    : tls_(std::make_unique<Tls>()), ca_file_(folder / "ca.pem"), handler_(std::move(handler)) {
  ::signal(SIGPIPE, SIG_IGN);
  const Certificate certificate;
  SSL_CTX_use_certificate(tls_->context, certificate.x509);
  SSL_CTX_use_PrivateKey(tls_->context, certificate.key);
  std::filesystem::create_directories(folder);
  FILE* file = std::fopen(ca_file_.c_str(), "w");
  if (!file) throw std::runtime_error("no certificate file");
  PEM_write_X509(file, certificate.x509);
  std::fclose(file);

  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    throw std::runtime_error("no port for the test server");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

HttpsServer::~HttpsServer() {
  stopping_ = true;
  thread_.join();
  ::close(listener_);
}

std::vector<WebRequestSeen> HttpsServer::seen() const {
  std::lock_guard lock(mutex_);
  return seen_;
}

void HttpsServer::set_handler(Handler handler) {
  std::lock_guard lock(mutex_);
  handler_ = std::move(handler);
}

void HttpsServer::serve() {
  while (!stopping_) {
    pollfd waiting{listener_, POLLIN, 0};
    if (::poll(&waiting, 1, 20) <= 0) continue;
    const int fd = ::accept(listener_, nullptr, nullptr);
    if (fd < 0) continue;
    const timeval limit{5, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    SSL* ssl = SSL_new(tls_->context);
    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1) {
      std::string head;
      char c = 0;
      while (!head.ends_with("\r\n\r\n") && head.size() < 65536 && SSL_read(ssl, &c, 1) == 1)
        head += c;
      if (head.ends_with("\r\n\r\n")) {
        const WebRequestSeen request = parse(head);
        Handler handler;
        {
          std::lock_guard lock(mutex_);
          seen_.push_back(request);
          handler = handler_;
        }
        TlsPeer peer(ssl);
        handler(request, peer);
        SSL_shutdown(ssl);
      }
    }
    ERR_clear_error();
    SSL_free(ssl);
    ::close(fd);
  }
}

void serve_file(const WebRequestSeen& request, WebPeer& peer, const std::string& body,
                const std::string& etag) {
  const auto header = [&](const char* name) {
    const auto it = request.headers.find(name);
    return it == request.headers.end() ? std::string() : it->second;
  };
  const std::string range = header("range"), if_range = header("if-range");
  const std::string size = std::to_string(body.size());
  if (!range.empty() && (if_range.empty() || if_range == etag)) {
    const size_t from = std::stoull(range.substr(6));
    if (from >= body.size()) return peer.answer(416, "", {"Content-Range: bytes */" + size});
    return peer.answer(206, body.substr(from),
                       {"ETag: " + etag, "Content-Range: bytes " + std::to_string(from) + "-" +
                                             std::to_string(body.size() - 1) + "/" + size});
  }
  peer.answer(200, body, {"ETag: " + etag});
}

}  // namespace pentimento::testing
