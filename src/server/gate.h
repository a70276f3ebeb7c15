// The one gate in front of all routes: who is calling, from where, and through which name.
//  - Host must be a name this server answers to: stops DNS rebinding, for GET too.
//  - Origin, when a browser sends one, must be this server or on the list: no reflected CORS.
//  - A token (bearer, cookie, or basic for AUTOMATIC1111 clients) when the server listens beyond
//    loopback; failures are compared in constant time and rate-limited by address.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "server/host_names.h"
#include "server/router.h"
#include "studio/tokens.h"

namespace pentimento {

struct GateOptions {
  bool token_required = false;             // listening beyond loopback
  std::string owner_token;                 // printed at the start; admin everywhere
  std::vector<std::string> allowed_hosts;  // more names for the Host header, without port
  std::vector<std::string> cors_origins;   // "https://app.example", or "*" (never with credentials)
  std::string basic_auth;                  // "user:password", several with commas; "": none
  int max_failures_per_minute = 10;
};

struct Verdict {
  int status = 200;  // 200: go on
  std::string kind, code, message;
  int retry_after_s = 0;
};

// Thread contract: share freely.
class Gate {
 public:
  Gate(GateOptions options, Tokens& tokens, Clock clock);

  // Sets request.is_admin. `route` is null for a path that does not exist.
  Verdict check(HttpRequest& request, const Route* route);
  // Headers for CORS, empty unless the origin is on the list.
  HeaderMap cors_headers(const HttpRequest& request) const;
  bool host_allowed(const std::string& host) const;

  struct Identity {
    bool known = false, admin = false;
  };
  Identity identify(const HttpRequest& request, bool basic_counts = false);
  // Signing in by the page: the cookie's value, or empty for a wrong token.
  std::string cookie_for(const std::string& token);
  Verdict too_many_failures(const std::string& address);  // 200 or 429
  void count_failure(const std::string& address);
  const GateOptions& options() const { return options_; }

 private:
  bool origin_allowed(const HttpRequest& request) const;
  Identity identify_secret(const std::string& secret);
  bool basic_matches(const std::string& pair) const;

  GateOptions options_;
  Tokens& tokens_;
  Clock clock_;
  std::mutex mutex_;
  struct Failures {
    double since = 0;
    int count = 0;
  };
  std::map<std::string, Failures> failures_;
};

}  // namespace pentimento
