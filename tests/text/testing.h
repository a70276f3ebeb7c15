// What the text tests share. Golden files of this layer keep their cases as JSON in the metadata.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/mapped_file.h"
#include "support/golden.h"
#include "support/refusal.h"

namespace pentimento::testing {

inline nlohmann::json golden_cases(std::string_view file, std::string_view key) {
  return nlohmann::json::parse(Golden(file).text("cases")).at(std::string(key));
}

// The rows of a ragged table: values between consecutive offsets.
inline std::vector<std::vector<int>> golden_rows(const Golden& golden, const std::string& prefix) {
  const std::vector<int64_t> values = golden.integers(prefix + "ids");
  const std::vector<int64_t> offsets = golden.integers(prefix + "offsets");
  std::vector<std::vector<int>> rows;
  for (size_t i = 0; i + 1 < offsets.size(); ++i)
    rows.emplace_back(values.begin() + offsets[i], values.begin() + offsets[i + 1]);
  return rows;
}

inline std::string read_text(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  return {reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()};
}

inline std::string repeat(std::string_view text, size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

inline double seconds_of(const std::function<void()>& action) {
  const auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace pentimento::testing
