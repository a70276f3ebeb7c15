// SHA-256 as lower-case hex (OpenSSL).
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "base/progress.h"

namespace pentimento {

std::string sha256_hex(std::span<const std::byte> bytes);
std::string sha256_hex(const std::string& text);

// Hash of a whole file, read in pieces; reports stage "hash" in MiB.
std::string sha256_file(const std::filesystem::path& path, const Progress& progress = {});

}  // namespace pentimento
