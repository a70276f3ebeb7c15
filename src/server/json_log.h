// The log as one JSON object a line, for programs that collect logs:
//   {"time":"2026-11-23T06:10:14.093Z","level":"info","message":"job j1 img2img done in 0.1 s"}
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace pentimento {

std::string json_log_line(std::chrono::system_clock::time_point time, std::string_view level,
                          std::string_view message);

// Makes spdlog's default logger write such lines to standard error.
void log_as_json();

}  // namespace pentimento
