#include "base/error.h"

#include <gtest/gtest.h>

#include <set>

namespace pentimento {
namespace {

constexpr ErrorKind kAll[] = {
    ErrorKind::InvalidArgument, ErrorKind::NotFound, ErrorKind::CorruptFile, ErrorKind::Unsupported,
    ErrorKind::OutOfMemory,     ErrorKind::Io,       ErrorKind::Cancelled,   ErrorKind::Internal};

TEST(Error, EveryKindHasItsOwnNameAndExitCode) {
  std::set<std::string> names;
  std::set<int> codes;
  for (ErrorKind kind : kAll) {
    names.insert(error_name(kind));
    codes.insert(exit_code(kind));
    EXPECT_GE(http_status(kind), 400);
  }
  EXPECT_EQ(names.size(), std::size(kAll));
  EXPECT_EQ(codes.size(), std::size(kAll));
}

TEST(Error, InterruptedProgramsExitAsShellsExpect) {
  EXPECT_EQ(exit_code(ErrorKind::Cancelled), 130);
}

TEST(Error, KeepsItsMessage) {
  const Error error(ErrorKind::NotFound, "model.ckpt: no such file");
  EXPECT_STREQ(error.what(), "model.ckpt: no such file");
  EXPECT_EQ(error.kind(), ErrorKind::NotFound);
}

}  // namespace
}  // namespace pentimento
