// HTTP as the routes see it: plain values, no library. The transport (http_server.cpp) fills
// requests and sends responses.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "studio/fields.h"

namespace pentimento {

struct IgnoreCase {
  bool operator()(const std::string& a, const std::string& b) const;
};
using HeaderMap = std::map<std::string, std::string, IgnoreCase>;

struct UploadedPart {
  std::string name, filename, content_type, content;
};

struct HttpRequest {
  std::string method, path;  // path without the query, percent-decoded
  std::map<std::string, std::string> query;
  HeaderMap headers;
  std::string body;
  std::vector<UploadedPart> parts;                       // multipart/form-data
  std::string remote_address;                            // of the socket's other end
  bool secure = false;                                   // came over TLS
  std::function<bool()> hung_up = [] { return false; };  // is nobody there any more to answer?
  std::vector<std::string> captures;                     // what the route's {…} matched

  // Filled by the gate.
  bool is_admin = false;

  std::string header(const std::string& name) const;
  std::optional<std::string> param(const std::string& name) const;
  int int_param(const std::string& name, int fallback, int low, int high) const;  // throws
  std::optional<double> number_param(const std::string& name) const;              // throws
  std::optional<bool> bool_param(const std::string& name) const;                  // throws
  std::string content_type() const;  // lower case, without parameters
};

// A body made while it is sent. next() returns a piece ("" = nothing yet), or nullopt at the end.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  virtual std::optional<std::string> next() = 0;
};

struct HttpResponse {
  int status = 200;
  HeaderMap headers;
  std::string content_type = "application/json";
  std::string body;
  std::shared_ptr<BodyStream> stream;  // instead of body

  static HttpResponse json(const Json& json, int status = 200);
  static HttpResponse bytes(std::string body, std::string content_type);
  static HttpResponse empty(int status = 204);
};

// The file's bytes in pieces; the file is deleted afterwards when `temporary`.
HttpResponse file_response(const std::filesystem::path& path, std::string content_type,
                           bool temporary = false);

// Adds an ETag and Cache-Control for something that never changes under its address, and answers
// 304 when the client has it already, or the range it asks for.
void never_changes(const HttpRequest& request, HttpResponse& response, const std::string& etag);
// Of a body that is there as a whole: the part that the request asks for (206), or 416 when it lies
// behind the end. One range; several are answered with the whole.
void serve_range(const HttpRequest& request, HttpResponse& response);
// "attachment" with a file name that survives any script.
void offer_as_download(HttpResponse& response, const std::string& file_name);

std::string percent_decode(const std::string& text, bool plus_is_space = false);
std::string percent_encode(const std::string& text);
std::optional<std::string> base64_decode(
    std::string_view text);  // standard alphabet; nullopt: is none
std::string base64_encode(std::string_view bytes);
std::string dumped(const Json& json);  // bytes that are not UTF-8 become U+FFFD

}  // namespace pentimento
