#include "server/host_names.h"

#include <arpa/inet.h>

namespace pentimento {

bool is_loopback(const std::string& address) {
  in_addr v4{};
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  return address == "::1" || address.rfind("::ffff:127.", 0) == 0;
}

bool is_address_literal(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  std::string bare = host;
  if (bare.size() > 2 && bare.front() == '[' && bare.back() == ']')
    bare = bare.substr(1, bare.size() - 2);
  return ::inet_pton(AF_INET, bare.c_str(), &v4) == 1 ||
         ::inet_pton(AF_INET6, bare.c_str(), &v6) == 1;
}

std::string host_without_port(const std::string& host) {
  if (!host.empty() && host.front() == '[') {
    const size_t end = host.find(']');
    return end == std::string::npos ? host : host.substr(0, end + 1);
  }
  return host.substr(0, host.find(':'));
}

}  // namespace pentimento
