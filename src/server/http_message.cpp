#include "server/http_message.h"

#include <strings.h>

#include <array>
#include <charconv>
#include <cmath>
#include <fstream>

#include "studio/coded_error.h"

namespace pentimento {

bool IgnoreCase::operator()(const std::string& a, const std::string& b) const {
  return ::strcasecmp(a.c_str(), b.c_str()) < 0;
}

std::string HttpRequest::header(const std::string& name) const {
  const auto it = headers.find(name);
  return it == headers.end() ? std::string() : it->second;
}

std::optional<std::string> HttpRequest::param(const std::string& name) const {
  const auto it = query.find(name);
  return it == query.end() ? std::nullopt : std::optional(it->second);
}

std::optional<double> HttpRequest::number_param(const std::string& name) const {
  const auto text = param(name);
  if (!text || text->empty()) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || !std::isfinite(value))
    throw CodedError(ErrorKind::InvalidArgument, "wrong_type",
                     name + " is '" + text->substr(0, 40) + "', expected a number", name);
  return value;
}

int HttpRequest::int_param(const std::string& name, int fallback, int low, int high) const {
  const auto value = number_param(name);
  if (!value) return fallback;
  if (*value < low || *value > high || std::trunc(*value) != *value)
    throw CodedError(ErrorKind::InvalidArgument, "out_of_range",
                     name + " is " + param(name)->substr(0, 40) +
                         ", expected a whole number from " + std::to_string(low) + " to " +
                         std::to_string(high),
                     name);
  return static_cast<int>(*value);
}

std::optional<bool> HttpRequest::bool_param(const std::string& name) const {
  const auto text = param(name);
  if (!text || text->empty()) return std::nullopt;
  if (*text == "true" || *text == "1" || *text == "True") return true;
  if (*text == "false" || *text == "0" || *text == "False") return false;
  throw CodedError(ErrorKind::InvalidArgument, "wrong_type",
                   name + " is '" + text->substr(0, 40) + "', expected true or false", name);
}

std::string HttpRequest::content_type() const {
  std::string type = header("Content-Type");
  if (const size_t end = type.find(';'); end != std::string::npos) type.resize(end);
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
  for (char& c : type) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return type;
}

std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

HttpResponse HttpResponse::json(const Json& json, int status) {
  HttpResponse response;
  response.status = status;
  response.body = dumped(json);
  return response;
}

HttpResponse HttpResponse::bytes(std::string body, std::string content_type) {
  HttpResponse response;
  response.body = std::move(body);
  response.content_type = std::move(content_type);
  return response;
}

HttpResponse HttpResponse::empty(int status) {
  HttpResponse response;
  response.status = status;
  response.content_type.clear();
  return response;
}

namespace {

class FileStream : public BodyStream {
 public:
  FileStream(const std::filesystem::path& path, bool temporary)
      : path_(path), temporary_(temporary), file_(path, std::ios::binary) {
    if (!file_)
      throw CodedError(ErrorKind::NotFound, "not_found", "the file is not there any more");
  }
  ~FileStream() override {
    std::error_code error;
    if (temporary_) std::filesystem::remove(path_, error);
  }
  std::optional<std::string> next() override {
    std::string piece(256 << 10, '\0');
    file_.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    piece.resize(static_cast<size_t>(file_.gcount()));
    if (piece.empty()) return std::nullopt;
    return piece;
  }

 private:
  std::filesystem::path path_;
  bool temporary_;
  std::ifstream file_;
};

}  // namespace

HttpResponse file_response(const std::filesystem::path& path, std::string content_type,
                           bool temporary) {
  HttpResponse response;
  response.content_type = std::move(content_type);
  response.stream = std::make_shared<FileStream>(path, temporary);
  return response;
}

void never_changes(const HttpRequest& request, HttpResponse& response, const std::string& etag) {
  response.headers["ETag"] = "\"" + etag + "\"";
  response.headers["Cache-Control"] = "private, max-age=31536000, immutable";
  if (request.header("If-None-Match").find("\"" + etag + "\"") == std::string::npos)
    return serve_range(request, response);
  response.status = 304;
  response.body.clear();
  response.stream.reset();
}

namespace {

struct ByteRange {
  size_t first = 0, last = 0;  // both inside
};

// Digits alone; nothing when there are none or too many.
std::optional<size_t> counted(const std::string& text) {
  if (text.empty() || text.size() > 15 || text.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  return std::stoull(text);
}

// "bytes=0-9", "bytes=500-", "bytes=-100" of `length` bytes. `understood` false: another unit,
// several ranges, or nonsense, which all mean the whole (RFC 9110 §14.2). Nothing: it lies behind
// the end.
std::optional<ByteRange> range_of(const std::string& header, size_t length, bool& understood) {
  understood = false;
  constexpr std::string_view kUnit = "bytes=";
  const size_t dash = header.find('-');
  if (header.rfind(kUnit, 0) != 0 || dash == std::string::npos) return std::nullopt;
  const std::string left = header.substr(kUnit.size(), dash - kUnit.size()),
                    right = header.substr(dash + 1);
  const auto first = counted(left), last = counted(right);
  if ((!left.empty() && !first) || (!right.empty() && !last) || (!first && !last))
    return std::nullopt;
  if (first && last && *last < *first) return std::nullopt;
  understood = true;
  if (!first) {  // the last so many
    if (*last == 0 || length == 0) return std::nullopt;
    return ByteRange{length - std::min(length, *last), length - 1};
  }
  if (*first >= length) return std::nullopt;
  return ByteRange{*first, last ? std::min(*last, length - 1) : length - 1};
}

}  // namespace

void serve_range(const HttpRequest& request, HttpResponse& response) {
  if (response.status != 200 || response.stream || request.method != "GET") return;
  response.headers["Accept-Ranges"] = "bytes";
  const std::string asked = request.header("Range"), condition = request.header("If-Range");
  if (asked.empty() || (!condition.empty() && condition != response.headers["ETag"])) return;
  const size_t length = response.body.size();
  bool understood = false;
  const auto range = range_of(asked, length, understood);
  if (!understood) return;
  if (!range) {
    response.status = 416;
    response.headers["Content-Range"] = "bytes */" + std::to_string(length);
    response.content_type = "application/json";
    response.body = dumped({{"error",
                             {{"kind", "invalid_argument"},
                              {"code", "out_of_range"},
                              {"message", "the range lies behind the end, which is at " +
                                              std::to_string(length) + " bytes"}}}});
    return;
  }
  response.status = 206;
  response.headers["Content-Range"] = "bytes " + std::to_string(range->first) + "-" +
                                      std::to_string(range->last) + "/" + std::to_string(length);
  response.body = response.body.substr(range->first, range->last - range->first + 1);
}

void offer_as_download(HttpResponse& response, const std::string& file_name) {
  std::string plain;
  for (const char c : file_name) plain += (c >= ' ' && c < 0x7f && c != '"' && c != '\\') ? c : '_';
  response.headers["Content-Disposition"] =
      "attachment; filename=\"" + plain + "\"; filename*=UTF-8''" + percent_encode(file_name);
}

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::array<int8_t, 256> base64_table() {
  std::array<int8_t, 256> table{};
  table.fill(-1);
  for (size_t i = 0; i < kBase64.size(); ++i)
    table[static_cast<unsigned char>(kBase64[i])] = static_cast<int8_t>(i);
  return table;
}

}  // namespace

std::string percent_decode(const std::string& text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
        hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' && plus_is_space ? ' ' : text[i];
    }
  }
  return out;
}

std::string percent_encode(const std::string& text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~')
      out += c;
    else
      (out += '%') += {kHex[byte >> 4], kHex[byte & 15]};
  }
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  static const std::array<int8_t, 256> table = base64_table();
  std::string out;
  out.reserve(text.size() / 4 * 3 + 3);
  uint32_t bits = 0;
  int count = 0;
  bool ended = false;
  for (const char c : text) {
    if (c == '\r' || c == '\n' || c == ' ' || c == '\t') continue;
    if (c == '=') {
      ended = true;
      continue;
    }
    const int value = table[static_cast<unsigned char>(c)];
    if (value < 0 || ended) return std::nullopt;
    bits = (bits << 6) | static_cast<uint32_t>(value);
    if (++count % 4 == 0) {
      out += {static_cast<char>(bits >> 16), static_cast<char>(bits >> 8), static_cast<char>(bits)};
      bits = 0;
    }
  }
  if (count % 4 == 1) return std::nullopt;
  if (count % 4 == 2) out += static_cast<char>(bits >> 4);
  if (count % 4 == 3) out += {static_cast<char>(bits >> 10), static_cast<char>(bits >> 2)};
  return out;
}

std::string base64_encode(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k)
      bits = (bits << 8) | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    const size_t left = bytes.size() - i;
    out += kBase64[bits >> 18];
    out += kBase64[(bits >> 12) & 63];
    out += left > 1 ? kBase64[(bits >> 6) & 63] : '=';
    out += left > 2 ? kBase64[bits & 63] : '=';
  }
  return out;
}

}  // namespace pentimento
