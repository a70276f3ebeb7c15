#include "server/openapi.h"

#include "base/version.h"

namespace pentimento {
namespace {

std::string operation_id(const Route& route) {
  std::string id = route.method;
  for (char& c : id) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const char c : route.pattern.substr(7))
    id += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return id;
}

Json parameters_of(const Route& route) {
  Json parameters = Json::array();
  size_t begin = 0;
  while ((begin = route.pattern.find('{', begin)) != std::string::npos) {
    const size_t end = route.pattern.find('}', begin);
    parameters.push_back({{"name", route.pattern.substr(begin + 1, end - begin - 1)},
                          {"in", "path"},
                          {"required", true},
                          {"schema", {{"type", "string"}, {"minLength", 1}}}});
    begin = end;
  }
  for (const QueryParam& query : route.query) {
    const char* type = query.type == FieldType::Integer   ? "integer"
                       : query.type == FieldType::Number  ? "number"
                       : query.type == FieldType::Boolean ? "boolean"
                                                          : "string";
    parameters.push_back({{"name", query.name},
                          {"in", "query"},
                          {"required", false},
                          {"description", query.what},
                          {"schema", {{"type", type}}}});
  }
  return parameters;
}

Json request_body_of(const Route& route) {
  const Json anything = {{"type", "object"}};
  const Json schema = route.fields.empty() ? anything : json_schema(route.fields);
  switch (route.body) {
    case BodyKind::None:
      return nullptr;
    case BodyKind::Json:
      return {{"required", true}, {"content", {{"application/json", {{"schema", schema}}}}}};
    case BodyKind::OptionalJson:
      return {{"required", false}, {"content", {{"application/json", {{"schema", schema}}}}}};
    case BodyKind::Picture: {
      const Json bytes = {{"schema", {{"type", "string"}, {"format", "binary"}}}};
      return {{"required", true},
              {"content", {{"image/png", bytes}, {"image/jpeg", bytes}, {"image/webp", bytes}}}};
    }
    case BodyKind::Multipart:
      return {{"required", true}, {"content", {{"multipart/form-data", {{"schema", anything}}}}}};
  }
  return nullptr;
}

Json responses_of(const Route& route) {
  Json responses = Json::object();
  for (const int status : route.statuses) {
    Json response = {{"description", "done"}};
    if (status != 204) response["content"] = {{route.returns, {{"schema", Json::object()}}}};
    responses[std::to_string(status)] = response;
  }
  responses["default"] = {
      {"description", "refused"},
      {"content", {{"application/json", {{"schema", {{"$ref", "#/components/schemas/Error"}}}}}}}};
  return responses;
}

Json error_schema() {
  const Json text = {{"type", "string"}};
  return {{"type", "object"},
          {"required", {"error"}},
          {"properties",
           {{"error",
             {{"type", "object"},
              {"required", {"kind", "code", "message"}},
              {"properties",
               {{"kind", text},
                {"code", text},
                {"message", text},
                {"field", text},
                {"limit", text}}}}}}}};
}

}  // namespace

Json openapi_document(const Router& router, const std::vector<JobKind>& kinds) {
  Json document = {{"openapi", "3.1.0"},
                   {"info",
                    {{"title", "Pentimento"},
                     {"version", kVersion},
                     {"description", "The native interface; docs/api.md explains it."}}},
                   {"paths", Json::object()},
                   {"components",
                    {{"schemas", {{"Error", error_schema()}}},
                     {"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}}}},
                   {"security", Json::array({Json::object(), {{"token", Json::array()}}})}};
  for (const JobKind& kind : kinds) {
    Json schema = json_schema(kind.fields);
    schema["description"] = kind.what;
    document["components"]["schemas"]["request_" + kind.kind] = schema;
  }
  for (const Route& route : router.routes()) {
    if (route.family != Api::Native) continue;
    Json operation = {{"operationId", operation_id(route)},
                      {"summary", route.summary},
                      {"parameters", parameters_of(route)},
                      {"responses", responses_of(route)}};
    if (const Json body = request_body_of(route); !body.is_null()) operation["requestBody"] = body;
    std::string method = route.method;
    for (char& c : method) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    document["paths"][route.pattern][method] = operation;
  }
  return document;
}

}  // namespace pentimento
