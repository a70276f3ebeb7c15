// The table of all routes: what the server answers, who may ask, and what the documentation says
// about it. Requests are matched against it and nothing else.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "server/http_message.h"

namespace pentimento {

enum class Access {
  Public,  // no token: health, the page's own files, signing in
  User,    // a token when the server listens beyond loopback
  Admin,   // from this computer, or with the owner's token
};
enum class Api { Native, Sdapi, OpenAi, Operation, Page };  // decides how errors are shown
enum class BodyKind { None, Json, OptionalJson, Picture, Multipart };

struct QueryParam {
  std::string name, what;
  FieldType type = FieldType::String;
};

struct Route {
  std::string method, pattern;  // "/api/v1/jobs/{id}"; "{rest*}" takes the remainder
  Access access = Access::User;
  Api family = Api::Native;
  std::string summary;
  BodyKind body = BodyKind::None;
  std::vector<Field> fields;  // of a JSON body; empty: any object
  std::vector<QueryParam> query;
  std::vector<int> statuses = {200};         // successful ones
  std::string returns = "application/json";  // content type of the success
  std::function<HttpResponse(const HttpRequest&)> handle;
};

// Thread contract: immutable once serving.
class Router {
 public:
  void add(Route route) { routes_.push_back(std::move(route)); }
  const std::vector<Route>& routes() const { return routes_; }

  struct Match {
    const Route* route = nullptr;  // null: no such path
    std::vector<std::string> captures;
    std::vector<std::string> other_methods;  // the path exists, with these methods
  };
  Match match(const std::string& method, const std::string& path) const;

 private:
  std::vector<Route> routes_;
};

// The parsed body of a JSON route. check()ed against the route's fields when it has some.
Json json_body(const HttpRequest& request, const Route& route);

}  // namespace pentimento
