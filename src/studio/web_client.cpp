#include "studio/web_client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <exception>
#include <memory>
#include <mutex>

#include "base/version.h"
#include "studio/url.h"

namespace pentimento {
namespace {

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r\n"), last = text.find_last_not_of(" \t\r\n");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

int seconds_in(const std::string& text) {
  const bool number =
      !text.empty() && text.size() < 6 && text.find_first_not_of("0123456789") == std::string::npos;
  return number ? std::stoi(text) : 0;
}

[[noreturn]] void refuse_status(const WebResponse& response, const std::string& host) {
  const int status = response.status;
  const std::string code = std::to_string(status);
  if (status == 404 || status == 410)
    throw WebError(ErrorKind::NotFound, "not_found",
                   host + ": there is no such model or file (" + code + ")", /*transient=*/false);
  if (status == 401 || status == 403)
    throw WebError(ErrorKind::InvalidArgument, "refused",
                   host + ": wants a login or an agreement for this (" + code +
                       "); accept its terms on its page and put your token into sources.json",
                   /*transient=*/false);
  const bool transient = status >= 500 || status == 408 || status == 425 || status == 429;
  throw WebError(ErrorKind::Io, "network", host + ": answered with status " + code, transient,
                 seconds_in(response.header("retry-after")));
}

}  // namespace

std::string WebResponse::header(const std::string& name) const {
  const auto it = headers.find(name);
  return it == headers.end() ? std::string() : it->second;
}

// One request and its answer. libcurl calls back into it; what those calls throw waits here.
struct WebClient::Hop {
  const WebOptions& options;
  const std::function<void(const WebResponse&)>& on_response;
  const std::function<void(std::span<const std::byte>)>& on_bytes;
  const Progress& progress;
  WebResponse response;
  bool told = false;
  std::exception_ptr thrown;
  std::string forbidden;  // an address that may not be connected to
  char reason[CURL_ERROR_SIZE] = {};

  bool is_final() const {
    return (response.status >= 200 && response.status < 300) || response.status == 416;
  }
  void tell() {
    if (!told && is_final()) on_response(response);
    told = true;
  }

  void prepare(CURL* curl, const std::string& url, curl_slist* headers) {
    const SourceSettings& sources = options.sources;
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, (std::string("pentimento/") + kVersion).c_str());
    curl_easy_setopt(curl, CURLOPT_PROXY, sources.proxy.c_str());
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.connect_timeout_s));
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_timeout_s));
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(options.stall_bytes_per_s));
    curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
    if (sources.ca_file) curl_easy_setopt(curl, CURLOPT_CAINFO, sources.ca_file->c_str());
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &Hop::header_arrives);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Hop::bytes_arrive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &Hop::time_passes);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, this);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, &Hop::socket_wanted);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, this);
  }

  void refuse_failure(CURLcode code, const std::string& host) const {
    if (!forbidden.empty())
      throw WebError(ErrorKind::InvalidArgument, "host_not_allowed",
                     host +
                         ": leads into the local network; set private_addresses in "
                         "sources.json if that is meant",
                     /*transient=*/false);
    if (code == CURLE_OK) return;
    const bool certificate = code == CURLE_PEER_FAILED_VERIFICATION ||
                             code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CERTPROBLEM;
    throw WebError(ErrorKind::Io, certificate ? "certificate" : "network",
                   host + ": " + (reason[0] ? reason : curl_easy_strerror(code)),
                   /*transient=*/!certificate);
  }

  static size_t header_arrives(char* data, size_t size, size_t count, void* self) {
    auto& hop = *static_cast<Hop*>(self);
    const std::string line(data, size * count);
    if (line.starts_with("HTTP/")) {
      hop.response.headers.clear();
      hop.response.status = seconds_in(line.substr(std::min(line.size(), line.find(' ') + 1), 3));
    } else if (const size_t colon = line.find(':'); colon != std::string::npos) {
      if (hop.response.headers.size() < 200)
        hop.response.headers[lower(line.substr(0, colon))] = trimmed(line.substr(colon + 1));
    }
    return size * count;
  }

  static size_t bytes_arrive(char* data, size_t size, size_t count, void* self) {
    auto& hop = *static_cast<Hop*>(self);
    try {
      hop.progress.cancel.throw_if_cancelled();
      if (!hop.is_final()) return size * count;  // a redirect's or a refusal's page
      hop.tell();
      hop.on_bytes(std::as_bytes(std::span(data, size * count)));
      return size * count;
    } catch (...) {
      hop.thrown = std::current_exception();
      return CURL_WRITEFUNC_ERROR;
    }
  }

  static int time_passes(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Hop*>(self)->progress.cancel.cancelled() ? 1 : 0;
  }

  static curl_socket_t socket_wanted(void* self, curlsocktype, curl_sockaddr* address) {
    auto& hop = *static_cast<Hop*>(self);
    char text[INET6_ADDRSTRLEN] = {};
    const sockaddr* to = &address->addr;
    if (to->sa_family == AF_INET)
      ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(to)->sin_addr, text, sizeof text);
    else if (to->sa_family == AF_INET6)
      ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(to)->sin6_addr, text,
                  sizeof text);
    // With a proxy the socket leads to the proxy, which the owner chose.
    const bool allowed = hop.options.sources.private_addresses ||
                         !hop.options.sources.proxy.empty() || is_public_address(text);
    if (!allowed) {
      hop.forbidden = text;
      return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  }
};

WebClient::WebClient(WebOptions options) : options_(std::move(options)) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

WebResponse WebClient::hop(const std::string& url, const WebRequest& request,
                           const std::function<void(const WebResponse&)>& on_response,
                           const std::function<void(std::span<const std::byte>)>& on_bytes,
                           const Progress& progress, std::string& redirect) const {
  const HttpsUrl target = parse_https_url(url);
  if (!options_.sources.allows(target.host, target.port))
    throw WebError(ErrorKind::InvalidArgument, "host_not_allowed",
                   target.host +
                       ": is not on the list of hosts that models may come from; add it "
                       "to allowed_hosts in sources.json if you trust it",
                   /*transient=*/false);
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(),
                                                                 curl_easy_cleanup);
  if (!easy) throw Error(ErrorKind::Internal, "libcurl cannot be used");
  CURL* curl = easy.get();
  Hop hop{options_, on_response, on_bytes, progress};
  curl_slist* headers = nullptr;
  for (const std::string& header : request.headers)
    headers = curl_slist_append(headers, header.c_str());
  if (const std::string token = options_.sources.token_for(target.host, target.port);
      !token.empty())
    headers = curl_slist_append(headers, ("Authorization: Bearer " + token).c_str());
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers_owner(
      headers, curl_slist_free_all);
  hop.prepare(curl, url, headers);
  const CURLcode code = curl_easy_perform(curl);
  progress.cancel.throw_if_cancelled();
  if (hop.thrown) std::rethrow_exception(hop.thrown);
  hop.refuse_failure(code, target.host);
  hop.response.url = url;
  if (is_redirect(hop.response.status)) {
    char* location = nullptr;
    curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &location);
    if (location) redirect = location;
    if (redirect.empty())
      throw WebError(ErrorKind::Io, "network", target.host + ": redirects to nowhere", false);
    return hop.response;
  }
  if (!hop.is_final()) refuse_status(hop.response, target.host);
  hop.tell();  // an empty body
  return hop.response;
}

WebResponse WebClient::fetch(const WebRequest& request,
                             const std::function<void(const WebResponse&)>& on_response,
                             const std::function<void(std::span<const std::byte>)>& on_bytes,
                             const Progress& progress) const {
  std::string url = request.url;
  for (int i = 0; i <= options_.most_redirects; ++i) {
    std::string redirect;
    WebResponse response = hop(url, request, on_response, on_bytes, progress, redirect);
    if (redirect.empty()) return response;
    url = redirect;
  }
  throw WebError(ErrorKind::Io, "network",
                 parse_https_url(request.url).host + ": redirects more than " +
                     std::to_string(options_.most_redirects) + " times",
                 /*transient=*/false);
}

std::string WebClient::text(const std::string& url, size_t longest,
                            const Progress& progress) const {
  std::string body;
  fetch(
      {.url = url, .headers = {"Accept: application/json, */*"}}, [](const WebResponse&) {},
      [&](std::span<const std::byte> bytes) {
        if (body.size() + bytes.size() > longest)
          throw WebError(ErrorKind::Io, "network",
                         parse_https_url(url).host + ": answers more than " +
                             std::to_string(longest >> 10) + " KiB where a short text was expected",
                         /*transient=*/false);
        body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      },
      progress);
  return body;
}

}  // namespace pentimento
