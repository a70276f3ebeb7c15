// SHA-256 as lower-case hex (OpenSSL).
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "base/progress.h"

struct evp_md_ctx_st;

namespace pentimento {

// Bytes as they come. Thread contract: one thread at a time.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void update(std::span<const std::byte> bytes);
  std::string hex();  // once, at the end

 private:
  evp_md_ctx_st* context_;
};

std::string sha256_hex(std::span<const std::byte> bytes);
std::string sha256_hex(const std::string& text);

// Hash of a whole file, read in pieces; reports stage "hash" in MiB.
std::string sha256_file(const std::filesystem::path& path, const Progress& progress = {});

}  // namespace pentimento
