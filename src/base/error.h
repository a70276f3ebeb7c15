// The one exception class of the project. A message names the thing, what was found, what was
// expected, and what to do about it. Caught in three places: the command line's main, the server's
// route wrapper, the job worker.
#pragma once

#include <stdexcept>
#include <string>

namespace pentimento {

enum class ErrorKind {
  InvalidArgument,  // the request is wrong: a value, a combination, an unwritable output path
  NotFound,         // a named file, model, style or job does not exist
  CorruptFile,      // foreign bytes that do not hold what their format promises
  Unsupported,      // well formed, and something this program does not do
  OutOfMemory,      // would not fit; found by estimate before work starts, or by the allocator
  Io,               // the disk or the network failed: full, read-only, gone
  Cancelled,        // asked for by the user
  Internal,         // a defect of ours
};

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

// One table: the name (for JSON), the exit code (for shells) and the HTTP status of each kind.
const char* error_name(ErrorKind kind);  // "invalid_argument", …
int exit_code(ErrorKind kind);  // 2 … 7 and 70; Cancelled is 130, as shells expect of Ctrl-C
int http_status(ErrorKind kind);

}  // namespace pentimento
