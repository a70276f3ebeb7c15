#include "server/errors.h"

#include <spdlog/spdlog.h>

#include <map>
#include <new>

#include "studio/coded_error.h"

namespace pentimento {
namespace {

// Codes whose status or kind is not what their ErrorKind says.
struct Special {
  int status;
  const char* kind;
};
const std::map<std::string, Special>& specials() {
  static const std::map<std::string, Special> table = {
      {"bad_json", {400, "invalid_argument"}},
      {"conflict", {409, "invalid_argument"}},
      {"too_large", {413, "invalid_argument"}},
      {"content_type", {415, "invalid_argument"}},
      {"method", {405, "invalid_argument"}},
      {"token_wrong", {401, "unauthorized"}},
      {"token_required", {401, "unauthorized"}},
      {"admin_only", {403, "forbidden"}},
      {"queue_full", {503, "busy"}},
      {"stopping", {503, "busy"}},
      {"not_implemented", {501, "unsupported"}},
      {"network", {502, "io"}},  // of a site that was asked
      {"certificate", {502, "io"}},
  };
  return table;
}

const char* default_code(ErrorKind kind) {
  if (kind == ErrorKind::InvalidArgument) return "invalid";
  return error_name(kind);
}

// OpenAI: https://platform.openai.com/docs/guides/error-codes
Json openai_error(const ShownError& e) {
  const char* type = e.status == 401   ? "authentication_error"
                     : e.status >= 500 ? "server_error"
                                       : "invalid_request_error";
  return {{"error",
           {{"message", e.message},
            {"type", type},
            {"param", e.field.empty() ? Json(nullptr) : Json(e.field)},
            {"code", e.code}}}};
}

// AUTOMATIC1111's wrapper around FastAPI's.
Json sdapi_error(const ShownError& e) {
  Json detail = e.message;
  if (e.status == 422 && !e.field.empty())
    detail = Json::array(
        {{{"loc", Json::array({"body", e.field})}, {"msg", e.message}, {"type", e.code}}});
  const char* name = e.status == 422   ? "RequestValidationError"
                     : e.status >= 500 ? "Exception"
                                       : "HTTPException";
  return {{"error", name}, {"detail", detail}, {"body", ""}, {"errors", e.message}};
}

Json native_error(const ShownError& e) {
  Json error = {{"kind", e.kind}, {"code", e.code}, {"message", e.message}};
  if (!e.field.empty()) error["field"] = e.field;
  if (!e.limit.empty()) error["limit"] = e.limit;
  return {{"error", error}};
}

}  // namespace

ShownError shown_error(std::exception_ptr thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const CodedError& e) {
    const auto special = specials().find(e.code());
    if (special != specials().end())
      return {
          special->second.status, special->second.kind, e.code(), e.what(), e.field(), e.limit()};
    return {http_status(e.kind()), error_name(e.kind()), e.code(), e.what(), e.field(), e.limit()};
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::Internal) spdlog::error("{}", e.what());
    return {http_status(e.kind()), error_name(e.kind()), default_code(e.kind()), e.what(), {}, {}};
  } catch (const std::bad_alloc&) {
    return {
        507, "out_of_memory", "out_of_memory", "there is not enough memory for this request", {},
        {}};
  } catch (const std::exception& e) {
    spdlog::error("a defect: {}", e.what());
    return {500, "internal", "internal", "the server met a defect; its log says more", {}, {}};
  } catch (...) {
    return {500, "internal", "internal", "the server met a defect", {}, {}};
  }
}

HttpResponse error_response(Api family, const ShownError& error) {
  if (family == Api::Sdapi) return HttpResponse::json(sdapi_error(error), error.status);
  if (family == Api::OpenAi) return HttpResponse::json(openai_error(error), error.status);
  return HttpResponse::json(native_error(error), error.status);
}

}  // namespace pentimento
