#include "server/connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <strings.h>

#include <algorithm>
#include <cerrno>

namespace pentimento {
namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void describe(const sockaddr_storage& address, std::string& ip, int& port) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    port = ntohs(v4.sin_port);
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    port = ntohs(v6.sin6_port);
  }
  ip = text;
}

bool names_header(const std::string& line, const char* name) {
  const size_t length = std::char_traits<char>::length(name);
  return line.size() > length && line[length] == ':' &&
         ::strncasecmp(line.c_str(), name, length) == 0;
}

}  // namespace

Connection::Connection(int fd, SSL* ssl, const ConnectionLimits& limits)
    : fd_(fd), ssl_(ssl), limits_(limits) {
  ::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) | O_NONBLOCK);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (ssl_) SSL_set_fd(ssl_, fd_);
}

Connection::~Connection() {
  if (ssl_) {
    SSL_shutdown(ssl_);
    SSL_free(ssl_);
  }
  ::shutdown(fd_, SHUT_WR);
  // Unread bytes would turn the close into a reset that can overtake the answer: read them, for a
  // while.
  char rest[65536];
  for (const auto began = SteadyClock::now();
       closing_ && seconds_since(began) < 3 && wait(Wait::Read, 0.5);)
    if (::recv(fd_, rest, sizeof rest, 0) <= 0) break;
  ::close(fd_);
}

bool Connection::wait(Wait what, double seconds) const {
  pollfd poll_fd{fd_, static_cast<short>(what == Wait::Read ? POLLIN : POLLOUT), 0};
  return ::poll(&poll_fd, 1, static_cast<int>(seconds * 1000)) > 0;
}

bool Connection::handshake() {
  if (!ssl_) return true;
  const auto began = SteadyClock::now();
  while (seconds_since(began) < limits_.header_seconds) {
    const int result = SSL_accept(ssl_);
    if (result == 1) return true;
    const int error = SSL_get_error(ssl_, result);
    if (error == SSL_ERROR_WANT_READ)
      wait(Wait::Read, 1);
    else if (error == SSL_ERROR_WANT_WRITE)
      wait(Wait::Write, 1);
    else
      return false;
  }
  return false;
}

// Up to `size` bytes; 0 at the end, -1 on failure or when nothing came in time.
ssize_t Connection::receive(char* data, size_t size, double seconds) {
  const auto began = SteadyClock::now();
  while (true) {
    if (ssl_) {
      const int n = SSL_read(ssl_, data, static_cast<int>(std::min<size_t>(size, 1 << 20)));
      if (n > 0) return n;
      const int error = SSL_get_error(ssl_, n);
      if (error == SSL_ERROR_ZERO_RETURN) return 0;
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return -1;
    } else {
      const ssize_t n = ::recv(fd_, data, size, 0);
      if (n >= 0) return n;
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return -1;
    }
    const double left = seconds - seconds_since(began);
    if (left <= 0 || !wait(Wait::Read, left)) return -1;
  }
}

void Connection::refuse(const char* status, const char* code, const std::string& message) {
  const std::string body = std::string(R"({"error":{"kind":"invalid_argument","code":")") + code +
                           R"(","message":")" + message + "\"}}";
  const std::string answer =
      std::string("HTTP/1.1 ") + status +
      "\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  write(answer.data(), answer.size());
  closing_ = true;
}

bool Connection::begin_request(const std::function<bool()>& stopping) {
  header_.clear();
  header_at_ = body_read_ = 0;
  std::string text = std::move(surplus_);
  surplus_.clear();
  auto began = SteadyClock::now();
  const auto idle_since = began;
  while (text.find("\r\n\r\n") == std::string::npos) {
    if (text.size() > limits_.header_bytes) {
      refuse("431 Request Header Fields Too Large", "too_large",
             "the header is larger than max_header_bytes, " + std::to_string(limits_.header_bytes));
      return false;
    }
    if (text.empty()) {  // idle: nobody has asked for anything yet
      if (stopping() || seconds_since(idle_since) > limits_.idle_seconds) return false;
      if (!(ssl_ && SSL_pending(ssl_) > 0) && !wait(Wait::Read, 0.25)) continue;
      began = SteadyClock::now();
    }
    const double left = limits_.header_seconds - seconds_since(began);
    char piece[16384];
    const ssize_t n = left > 0 ? receive(piece, sizeof piece, left) : -1;
    if (n <= 0) {
      if (n < 0 && !text.empty())
        refuse("408 Request Timeout", "too_large",
               "the header took longer than max_header_seconds");
      return false;
    }
    text.append(piece, static_cast<size_t>(n));
  }
  const size_t end = text.find("\r\n\r\n") + 4;
  surplus_ = text.substr(end);
  header_ = text.substr(0, end);
  if (header_.size() > limits_.header_bytes) {
    refuse("431 Request Header Fields Too Large", "too_large",
           "the header is larger than max_header_bytes, " + std::to_string(limits_.header_bytes));
    return false;
  }
  body_began_ = SteadyClock::now();
  return filter_header();
}

// Keeps Range from the library, which holds none against the length of an answer and repeats what
// several name (serve_range() answers it); refuses what could be read in two ways (smuggling).
bool Connection::filter_header() {
  std::string kept;
  range_.clear();
  int lengths = 0, encodings = 0, hosts = 0;
  size_t begin = 0;
  while (begin < header_.size()) {
    const size_t end = header_.find("\r\n", begin);
    const std::string line = header_.substr(begin, end - begin);
    const bool continued = begin > 0 && !line.empty() && (line[0] == ' ' || line[0] == '\t');
    const bool control = std::any_of(line.begin(), line.end(), [](unsigned char c) {
      return (c < 0x20 && c != '\t') || c == 0x7f;
    });
    lengths += names_header(line, "Content-Length");
    encodings += names_header(line, "Transfer-Encoding");
    hosts += names_header(line, "Host");
    if (continued || control || lengths > 1 || lengths + encodings > 1 || hosts > 1) {
      refuse("400 Bad Request", "invalid", "the header can be read in more than one way");
      return false;
    }
    if (names_header(line, "Range"))
      range_ =
          line.substr(std::min(line.find_first_not_of(" \t", sizeof "Range:" - 1), line.size()));
    else
      kept += line + "\r\n";
    begin = end + 2;
  }
  header_ = std::move(kept);
  return true;
}

bool Connection::hung_up() const {
  pollfd poll_fd{fd_, POLLRDHUP, 0};
  return ::poll(&poll_fd, 1, 0) > 0 && (poll_fd.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

bool Connection::is_readable() const {
  return header_at_ < header_.size() || !surplus_.empty() || (ssl_ && SSL_pending(ssl_) > 0) ||
         wait(Wait::Read, limits_.stall_seconds);
}

bool Connection::is_writable() const { return wait(Wait::Write, limits_.stall_seconds); }

ssize_t Connection::read(char* data, size_t size) {
  if (header_at_ < header_.size()) {
    const size_t n = std::min(size, header_.size() - header_at_);
    header_.copy(data, n, header_at_);
    header_at_ += n;
    return static_cast<ssize_t>(n);
  }
  ssize_t n = 0;
  if (!surplus_.empty()) {
    n = static_cast<ssize_t>(std::min(size, surplus_.size()));
    surplus_.copy(data, static_cast<size_t>(n));
    surplus_.erase(0, static_cast<size_t>(n));
  } else {
    n = receive(data, size, limits_.stall_seconds);
  }
  if (n <= 0) {
    closing_ = true;
    return n;
  }
  body_read_ += static_cast<size_t>(n);
  const double allowed =
      limits_.stall_seconds + static_cast<double>(body_read_) / limits_.slowest_bytes_per_s;
  if (body_read_ > limits_.body_bytes || seconds_since(body_began_) > allowed) {
    closing_ = true;
    return -1;
  }
  return n;
}

ssize_t Connection::write(const char* data, size_t size) {
  const auto began = SteadyClock::now();
  const double allowed =
      limits_.stall_seconds + static_cast<double>(size) / limits_.slowest_bytes_per_s;
  size_t done = 0;
  while (done < size) {
    ssize_t n;
    Wait needed = Wait::Write;
    if (ssl_) {
      n = SSL_write(ssl_, data + done, static_cast<int>(std::min<size_t>(size - done, 1 << 20)));
      if (n <= 0) {
        const int error = SSL_get_error(ssl_, static_cast<int>(n));
        if (error == SSL_ERROR_WANT_READ)
          needed = Wait::Read;
        else if (error != SSL_ERROR_WANT_WRITE)
          n = -2;
      }
    } else {
      n = ::send(fd_, data + done, size - done, MSG_NOSIGNAL);
      if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) n = -2;
    }
    if (n > 0) {
      done += static_cast<size_t>(n);
      continue;
    }
    if (n == -2 || seconds_since(began) > allowed || !wait(needed, limits_.stall_seconds)) {
      closing_ = true;
      return -1;
    }
  }
  return static_cast<ssize_t>(done);
}

void Connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getpeername(fd_, reinterpret_cast<sockaddr*>(&address), &length) == 0)
    describe(address, ip, port);
}

void Connection::get_local_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length) == 0)
    describe(address, ip, port);
}

}  // namespace pentimento
