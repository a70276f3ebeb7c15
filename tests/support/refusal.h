// What a test asks of a refusal.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "base/error.h"

namespace pentimento::testing {

// The message, one line, of the Error of that kind that `act` throws; a failure of the test if it
// throws none, or another one.
inline std::string refusal(ErrorKind kind, const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_STREQ(error_name(error.kind()), error_name(kind)) << error.what();
    const std::string message = error.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return message;
  }
  ADD_FAILURE() << "nothing was refused";
  return "";
}
inline std::string refusal(const std::function<void()>& act) {
  return refusal(ErrorKind::InvalidArgument, act);
}

inline bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace pentimento::testing
