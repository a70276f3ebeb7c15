// One TCP connection, plain or TLS, with every limit of the transport: how long a request may take
// to arrive, how large its header may be, how slowly an answer may be read.
// Limitations: HTTP/1.1 only.
#pragma once

#include <httplib.h>

#include <chrono>
#include <string>

#include "server/connection_limits.h"

namespace pentimento {

// Thread contract: one thread.
class Connection : public httplib::Stream {
 public:
  Connection(int fd, SSL* ssl, const ConnectionLimits& limits);
  ~Connection() override;  // closes
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool handshake();  // TLS only
  // Waits for a request and reads its whole header. False: the connection is over (an answer has
  // been sent when the header broke a limit).
  bool begin_request(const std::function<bool()>& stopping);
  void close_after_answer() { closing_ = true; }
  bool closing() const { return closing_; }
  bool hung_up() const;  // the other end has closed
  // The value of the request's Range header, which the parser does not see; "" when it has none.
  const std::string& range() const { return range_; }

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* data, size_t size) override;
  ssize_t write(const char* data, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return fd_; }

 private:
  using SteadyClock = std::chrono::steady_clock;
  enum class Wait { Read, Write };
  bool wait(Wait what, double seconds) const;
  ssize_t receive(char* data, size_t size, double seconds);
  bool filter_header();  // false: refused
  void refuse(const char* status, const char* code, const std::string& message);

  int fd_;
  SSL* ssl_;
  const ConnectionLimits& limits_;
  std::string range_;
  std::string header_, surplus_;  // filtered header not yet read by the parser; bytes after it
  size_t header_at_ = 0, body_read_ = 0;
  SteadyClock::time_point body_began_{};
  bool closing_ = false;
};

}  // namespace pentimento
