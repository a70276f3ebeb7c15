#include "studio/url.h"

#include <curl/curl.h>

#include <memory>

#include "studio/coded_error.h"

namespace pentimento {
namespace {

[[noreturn]] void refuse(const std::string& url, const std::string& why) {
  throw CodedError(ErrorKind::InvalidArgument, "invalid",
                   "'" + url.substr(0, 200) + "' " + why +
                       "; expected an address like "
                       "https://host/path",
                   "url");
}

std::string part(CURLU* parsed, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(parsed, which, &text, flags) != CURLUE_OK) return {};
  std::string value = text;
  curl_free(text);
  return value;
}

std::string encoded(const std::string& text, bool keep_slash) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '.' || byte == '_' ||
                       byte == '~' || (keep_slash && byte == '/');
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

std::string decoded(const std::string& text) {
  int length = 0;
  char* plain = curl_easy_unescape(nullptr, text.data(), static_cast<int>(text.size()), &length);
  std::string value = plain ? std::string(plain, static_cast<size_t>(length)) : "";
  curl_free(plain);
  return value;
}

}  // namespace

HttpsUrl parse_https_url(const std::string& url) {
  for (const char c : url)
    if (static_cast<unsigned char>(c) <= ' ' || c == '\\' || c == 0x7F)
      refuse(url, "holds a space, a backslash or a control character");
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), curl_url_cleanup);
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK)
    refuse(url, "is not an address");
  if (part(parsed.get(), CURLUPART_SCHEME) != "https") refuse(url, "does not begin with https");
  if (!part(parsed.get(), CURLUPART_USER).empty() ||
      !part(parsed.get(), CURLUPART_PASSWORD).empty())
    refuse(url, "has a user name in it");
  HttpsUrl result{.host = part(parsed.get(), CURLUPART_HOST),
                  .port = std::atoi(part(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT).c_str()),
                  .path = part(parsed.get(), CURLUPART_PATH),
                  .query = part(parsed.get(), CURLUPART_QUERY)};
  for (char& c : result.host)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (result.host.ends_with('.')) result.host.pop_back();
  return result;
}

std::string query_value(const HttpsUrl& url, const std::string& name) {
  for (size_t begin = 0; begin <= url.query.size();) {
    const size_t end = std::min(url.query.find('&', begin), url.query.size());
    const std::string pair = url.query.substr(begin, end - begin);
    if (pair.starts_with(name + "=")) return decoded(pair.substr(name.size() + 1));
    begin = end + 1;
  }
  return {};
}

std::string url_encoded(const std::string& text) { return encoded(text, /*keep_slash=*/false); }
std::string url_encoded_path(const std::string& path) { return encoded(path, /*keep_slash=*/true); }

}  // namespace pentimento
