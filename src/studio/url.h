// Addresses, taken apart by libcurl's own parser: what is checked is what is fetched.
#pragma once

#include <string>

namespace pentimento {

struct HttpsUrl {
  std::string host;  // lower case
  int port = 443;
  std::string path;   // as in the address, percent-encoded
  std::string query;  // without "?"
};

// Throws CodedError "invalid" unless it is an https address without a user name in it.
HttpsUrl parse_https_url(const std::string& url);

// The value of a query's parameter, decoded; or empty.
std::string query_value(const HttpsUrl& url, const std::string& name);

std::string url_encoded(const std::string& text);       // for a query
std::string url_encoded_path(const std::string& path);  // "/" stays

}  // namespace pentimento
