#include "server/gate.h"

#include <unistd.h>

#include <algorithm>

namespace pentimento {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string own_host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? lower(name) : std::string();
}

std::string cookie_value(const std::string& header, const std::string& name) {
  size_t begin = 0;
  while (begin < header.size()) {
    size_t end = std::min(header.find(';', begin), header.size());
    std::string pair = header.substr(begin, end - begin);
    pair.erase(0, pair.find_first_not_of(' '));
    if (pair.rfind(name + "=", 0) == 0) return pair.substr(name.size() + 1);
    begin = end + 1;
  }
  return {};
}

bool changes_state(const std::string& method) {
  return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

}  // namespace

Gate::Gate(GateOptions options, Tokens& tokens, Clock clock)
    : options_(std::move(options)), tokens_(tokens), clock_(std::move(clock)) {}

// Rebinding needs a name: plain addresses are always fine, names must be known ones.
bool Gate::host_allowed(const std::string& header) const {
  const std::string host = lower(host_without_port(header));
  if (host.empty()) return false;
  if (host == "localhost" || host.ends_with(".localhost") || is_address_literal(host)) return true;
  const std::string own = own_host_name();
  if (!own.empty() && (host == own || host == own + ".local")) return true;
  return std::any_of(options_.allowed_hosts.begin(), options_.allowed_hosts.end(),
                     [&](const std::string& allowed) { return lower(allowed) == host; });
}

bool Gate::origin_allowed(const HttpRequest& request) const {
  const std::string origin = lower(request.header("Origin"));
  if (origin.empty()) return true;
  const std::string host = lower(request.header("Host"));
  if (origin == "http://" + host || origin == "https://" + host) return true;
  return std::any_of(
      options_.cors_origins.begin(), options_.cors_origins.end(),
      [&](const std::string& allowed) { return allowed == "*" || lower(allowed) == origin; });
}

HeaderMap Gate::cors_headers(const HttpRequest& request) const {
  const std::string origin = request.header("Origin");
  if (origin.empty()) return {};
  for (const std::string& allowed : options_.cors_origins) {
    if (allowed != "*" && lower(allowed) != lower(origin)) continue;
    HeaderMap headers = {
        {"Access-Control-Allow-Origin", allowed == "*" ? "*" : allowed},
        {"Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE"},
        {"Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID"},
        {"Access-Control-Max-Age", "600"},
        {"Vary", "Origin"}};
    if (allowed != "*") headers["Access-Control-Allow-Credentials"] = "true";
    return headers;
  }
  return {};
}

Gate::Identity Gate::identify_secret(const std::string& secret) {
  if (secret.empty() || secret.size() > 200) return {};
  if (!options_.owner_token.empty() && equal_in_constant_time(secret, options_.owner_token))
    return {true, true};
  return {tokens_.find(secret).has_value(), false};
}

bool Gate::basic_matches(const std::string& pair) const {
  bool matches = false;
  size_t begin = 0;
  const std::string& list = options_.basic_auth;
  while (begin < list.size()) {
    const size_t end = std::min(list.find(',', begin), list.size());
    matches |= equal_in_constant_time(pair, list.substr(begin, end - begin));
    begin = end + 1;
  }
  return matches;
}

Gate::Identity Gate::identify(const HttpRequest& request, bool basic_counts) {
  const std::string authorization = request.header("Authorization");
  Identity identity;
  if (authorization.rfind("Bearer ", 0) == 0) identity = identify_secret(authorization.substr(7));
  if (!identity.known)
    identity = identify_secret(cookie_value(request.header("Cookie"), "pentimento_session"));
  if (!identity.known && basic_counts && authorization.rfind("Basic ", 0) == 0) {
    const auto pair = base64_decode(authorization.substr(6));
    if (pair && basic_matches(*pair)) identity.known = true;
  }
  // A request that came through a proxy is not from this computer, whatever the socket says.
  const bool proxied =
      !request.header("X-Forwarded-For").empty() || !request.header("Forwarded").empty();
  if (is_loopback(request.remote_address) && !proxied) {
    if (!options_.token_required) identity.known = true;
    identity.admin = identity.known;
  }
  return identity;
}

std::string Gate::cookie_for(const std::string& token) {
  return identify_secret(token).known ? token : std::string();
}

Verdict Gate::too_many_failures(const std::string& address) {
  std::lock_guard lock(mutex_);
  const auto it = failures_.find(address);
  if (it == failures_.end() || it->second.count < options_.max_failures_per_minute) return {};
  const double left = it->second.since + 60 - clock_();
  if (left <= 0) {
    failures_.erase(it);
    return {};
  }
  return {429, "unauthorized", "too_many_attempts",
          "too many wrong tokens from this address; wait a minute", static_cast<int>(left) + 1};
}

void Gate::count_failure(const std::string& address) {
  std::lock_guard lock(mutex_);
  if (failures_.size() > 10'000) failures_.clear();
  Failures& failures = failures_[address];
  if (clock_() - failures.since > 60) failures = {clock_(), 0};
  ++failures.count;
}

Verdict Gate::check(HttpRequest& request, const Route* route) {
  const std::string host = request.header("Host");
  if (!host_allowed(host))
    return {403, "invalid_argument", "host",
            "this server does not answer to the name '" + host_without_port(host).substr(0, 80) +
                "'; start it with --allow-host to add a name"};
  const std::string site = request.header("Sec-Fetch-Site");
  const bool listed = !cors_headers(request).empty();
  if (!origin_allowed(request) ||
      (site == "cross-site" && changes_state(request.method) && !listed))
    return {403, "invalid_argument", "origin",
            "pages from another site may not use this server; start it with --cors-allow-origins "
            "to let one in"};
  if (request.method == "OPTIONS" || (route && route->access == Access::Public)) {
    const Identity identity = identify(request);
    request.is_admin = identity.admin;
    return {};
  }
  const bool basic_needed = route && route->family == Api::Sdapi && !options_.basic_auth.empty();
  if (!options_.token_required && !basic_needed) {
    request.is_admin = identify(request).admin;
    if (route && route->access == Access::Admin && !request.is_admin)
      return {403, "forbidden", "admin_only",
              "only from this computer, or with the token printed at the start"};
    return {};
  }
  if (Verdict wait = too_many_failures(request.remote_address); wait.status != 200) return wait;
  Identity identity = identify(request, basic_needed);
  if (basic_needed && !options_.token_required) {
    const auto pair =
        base64_decode(request.header("Authorization")
                          .substr(std::min<size_t>(6, request.header("Authorization").size())));
    identity.known =
        request.header("Authorization").rfind("Basic ", 0) == 0 && pair && basic_matches(*pair);
  }
  if (!identity.known) {
    const bool tried = !request.header("Authorization").empty() ||
                       request.header("Cookie").find("pentimento_session=") != std::string::npos;
    if (tried) count_failure(request.remote_address);
    return {401, "unauthorized", tried ? "token_wrong" : "token_required",
            tried ? "the token is not one of this server's"
                  : "this server wants a token: Authorization: Bearer …, or sign in on its page"};
  }
  request.is_admin = identity.admin;
  if (route && route->access == Access::Admin && !identity.admin)
    return {403, "forbidden", "admin_only",
            "only from this computer, or with the token printed at the start"};
  return {};
}

}  // namespace pentimento
