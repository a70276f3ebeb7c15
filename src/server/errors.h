// Errors as each family of clients expects them.
#pragma once

#include <exception>

#include "server/router.h"

namespace pentimento {

struct ShownError {
  int status = 500;
  std::string kind, code, message, field, limit;
};

// The status and words of whatever was thrown.
ShownError shown_error(std::exception_ptr thrown);
HttpResponse error_response(Api family, const ShownError& error);

}  // namespace pentimento
