#include "server/router.h"

#include <algorithm>
#include <optional>

#include "studio/coded_error.h"

namespace pentimento {
namespace {

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> parts;
  size_t begin = 1;
  while (begin <= path.size()) {
    const size_t end = std::min(path.find('/', begin), path.size());
    parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::optional<std::vector<std::string>> captures_of(const std::string& pattern,
                                                    const std::string& path) {
  if (path.empty() || path[0] != '/') return std::nullopt;
  const auto wanted = segments(pattern), given = segments(path);
  std::vector<std::string> captures;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const bool variable =
        wanted[i].size() > 2 && wanted[i].front() == '{' && wanted[i].back() == '}';
    if (variable && wanted[i].ends_with("*}")) {
      if (i >= given.size()) return std::nullopt;
      captures.emplace_back(path.substr(static_cast<size_t>(given[i].data() - path.data())));
      return captures;
    }
    if (i >= given.size()) return std::nullopt;
    if (variable && !given[i].empty())
      captures.emplace_back(given[i]);
    else if (wanted[i] != given[i])
      return std::nullopt;
  }
  return wanted.size() == given.size() ? std::optional(captures) : std::nullopt;
}

}  // namespace

Router::Match Router::match(const std::string& method, const std::string& path) const {
  Match match;
  for (const Route& route : routes_) {
    auto captures = captures_of(route.pattern, path);
    if (!captures) continue;
    if (route.method == method || (method == "HEAD" && route.method == "GET")) {
      match.route = &route;
      match.captures = std::move(*captures);
      return match;
    }
    if (route.pattern.find("*}") == std::string::npos) match.other_methods.push_back(route.method);
  }
  return match;
}

Json json_body(const HttpRequest& request, const Route& route) {
  if (request.body.empty() && route.body == BodyKind::OptionalJson) return Json::object();
  Json body = parse_json(request.body);
  if (!body.is_object())
    throw CodedError(ErrorKind::InvalidArgument, "wrong_type", "the body is not a JSON object",
                     "body");
  if (!route.fields.empty()) check(body, route.fields);
  return body;
}

}  // namespace pentimento
