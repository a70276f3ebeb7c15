// An Error that also carries a stable word for programs and pages to act on: which field, which
// limit, "conflict", "no_input". docs/api.md lists the codes.
#pragma once

#include <string>
#include <utility>

#include "base/error.h"

namespace pentimento {

class CodedError : public Error {
 public:
  CodedError(ErrorKind kind, std::string code, const std::string& message, std::string field = {})
      : Error(kind, message), code_(std::move(code)), field_(std::move(field)) {}
  const std::string& code() const { return code_; }
  const std::string& field() const { return field_; }
  const std::string& limit() const { return limit_; }
  // The name of the limit that was met, "max_pixels".
  CodedError&& with_limit(std::string limit) && {
    limit_ = std::move(limit);
    return std::move(*this);
  }

 private:
  std::string code_, field_, limit_;
};

}  // namespace pentimento
