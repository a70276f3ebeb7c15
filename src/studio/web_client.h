// The one place that reaches out to the network, by libcurl, and only when somebody asked for it.
// https only; certificates are checked; every hop of a redirect must be on the list of hosts; the
// address that is really connected to must be a public one (unless the owner allows others); a
// token goes to its own host and no other; the environment's proxy is not used.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "studio/coded_error.h"
#include "studio/source_settings.h"

namespace pentimento {

// The network or the other side failed. transient(): trying again may help.
class WebError : public CodedError {
 public:
  WebError(ErrorKind kind, std::string code, const std::string& message, bool transient,
           int retry_after_s = 0)
      : CodedError(kind, std::move(code), message),
        transient_(transient),
        retry_after_s_(retry_after_s) {}
  bool transient() const { return transient_; }
  int retry_after_s() const { return retry_after_s_; }  // what the server asked for, 0: nothing

 private:
  bool transient_;
  int retry_after_s_;
};

struct WebOptions {
  SourceSettings sources;
  int connect_timeout_s = 20;
  int stall_timeout_s = 60;  // less than stall_bytes_per_s for so long counts as broken off
  int stall_bytes_per_s = 1024;
  int most_redirects = 8;
};

struct WebRequest {
  std::string url;
  std::vector<std::string> headers;  // "Range: bytes=10-"
};

struct WebResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string url;                             // after redirects
  std::string header(const std::string& name) const;
};

// Thread contract: share freely; each call uses a connection of its own.
class WebClient {
 public:
  explicit WebClient(WebOptions options);

  // The last response of the chain: `on_response` before its first byte (it may throw), then
  // `on_bytes`. Any status of 200..299 and 416 comes back; others throw WebError ("not_found",
  // "refused", "network"). Cancelled when asked to stop.
  WebResponse fetch(const WebRequest& request,
                    const std::function<void(const WebResponse&)>& on_response,
                    const std::function<void(std::span<const std::byte>)>& on_bytes,
                    const Progress& progress) const;

  // A whole small answer; more than `longest` bytes is refused.
  std::string text(const std::string& url, size_t longest, const Progress& progress) const;

  const SourceSettings& sources() const { return options_.sources; }

 private:
  struct Hop;
  WebResponse hop(const std::string& url, const WebRequest& request,
                  const std::function<void(const WebResponse&)>& on_response,
                  const std::function<void(std::span<const std::byte>)>& on_bytes,
                  const Progress& progress, std::string& redirect) const;
  WebOptions options_;
};

// May a public server have this address (an IPv4 or IPv6 literal)? Not loopback, private, link
// local, multicast, reserved, or one of those inside IPv6.
bool is_public_address(const std::string& literal);

}  // namespace pentimento
