#include "base/error.h"

namespace pentimento {
namespace {

struct Row {
  ErrorKind kind;
  const char* name;
  int exit_code;
  int http_status;
};

constexpr Row kRows[] = {
    {ErrorKind::InvalidArgument, "invalid_argument", 2, 422},
    {ErrorKind::NotFound, "not_found", 3, 404},
    {ErrorKind::CorruptFile, "corrupt_file", 4, 422},
    {ErrorKind::Unsupported, "unsupported", 5, 422},
    {ErrorKind::OutOfMemory, "out_of_memory", 6, 507},
    {ErrorKind::Io, "io", 7, 507},
    {ErrorKind::Cancelled, "cancelled", 130, 499},
    {ErrorKind::Internal, "internal", 70, 500},
};

const Row& row(ErrorKind kind) {
  for (const Row& r : kRows)
    if (r.kind == kind) return r;
  return kRows[std::size(kRows) - 1];
}

}  // namespace

const char* error_name(ErrorKind kind) { return row(kind).name; }
int exit_code(ErrorKind kind) { return row(kind).exit_code; }
int http_status(ErrorKind kind) { return row(kind).http_status; }

}  // namespace pentimento
