// Pictures that people start from, by the SHA-256 of their bytes, exactly as they came.
#pragma once

#include <optional>
#include <string>

#include "studio/clock.h"
#include "studio/content_store.h"
#include "studio/database.h"
#include "studio/pictures.h"

namespace pentimento {

struct Input {
  std::string sha256, name, format;  // format: "png", "jpeg", "webp"
  int width = 0, height = 0;         // upright
  int64_t bytes = 0;
  double created = 0;
  std::optional<std::string> infotext;  // what it says about its making
  std::optional<int64_t> picture;       // the result it is a copy of
};

// Thread contract: share freely.
class Inputs {
 public:
  Inputs(Database& db, const std::filesystem::path& folder, Clock clock, PictureLimits limits = {})
      : db_(db), store_(folder), clock_(std::move(clock)), limits_(limits) {}

  struct Added {
    Input input;
    bool is_new = true;
  };
  // Throws CodedError "bad_picture", "too_large", "disk_full".
  Added add(std::span<const std::byte> bytes, const std::string& name,
            std::optional<int64_t> picture = {});
  Input get(const std::string& sha256) const;  // throws CodedError "no_input"
  bool has(const std::string& sha256) const;
  std::filesystem::path file(const Input& input) const {
    return store_.path(input.sha256, input.format);
  }
  const PictureLimits& limits() const { return limits_; }

 private:
  std::optional<Input> find(const std::string& sha256) const;
  Database& db_;
  ContentStore store_;
  Clock clock_;
  PictureLimits limits_;
};

}  // namespace pentimento
