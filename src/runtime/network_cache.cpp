#include "runtime/network_cache.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/paths.h"
#include "base/sha256.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

constexpr size_t kHeaderBytes = 128;
constexpr std::string_view kMagic = "PTNC";
constexpr std::string_view kExtension = ".network";

std::string header_of(std::span<const std::byte> blob) {
  std::string header = std::string(kMagic) + sha256_hex(blob);
  header.resize(kHeaderBytes, '\0');
  return header;
}

struct Found {
  fs::path path;
  uint64_t bytes;
  fs::file_time_type used;
};

std::vector<Found> files_in(const fs::path& folder) {
  std::vector<Found> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() != kExtension) continue;
    Found found{entry.path(), entry.file_size(error), entry.last_write_time(error)};
    if (!error) files.push_back(std::move(found));
  }
  return files;
}

}  // namespace

NetworkCache::NetworkCache(fs::path folder, uint64_t limit_bytes)
    : folder_(std::move(folder)), limit_bytes_(limit_bytes) {}

fs::path NetworkCache::path_of(const std::string& key) const {
  return folder_ / (sha256_hex(key).substr(0, 32) + std::string(kExtension));
}

NetworkCache::Entry NetworkCache::find(const std::string& key) const {
  const fs::path path = path_of(key);
  std::error_code error;
  if (!enabled() || !fs::exists(path, error)) return {};
  try {
    Entry entry{.file = MappedFile::open(path)};
    const std::span<const std::byte> bytes = entry.file->bytes();
    if (bytes.size() > kHeaderBytes) {
      entry.blob = bytes.subspan(kHeaderBytes);
      const std::string header = header_of(entry.blob);
      if (std::memcmp(bytes.data(), header.data(), kHeaderBytes) == 0) {
        fs::last_write_time(path, fs::file_time_type::clock::now(), error);
        return entry;
      }
    }
  } catch (const Error&) {  // unreadable: as good as absent
  }
  remove(key);
  return {};
}

void NetworkCache::put(const std::string& key, std::span<const std::byte> blob) const {
  if (!enabled() || blob.size() + kHeaderBytes > limit_bytes_) return;
  std::vector<std::byte> bytes(kHeaderBytes + blob.size());
  std::memcpy(bytes.data(), header_of(blob).data(), kHeaderBytes);
  std::ranges::copy(blob, bytes.begin() + kHeaderBytes);
  try {
    fs::create_directories(folder_);
    write_file_atomically(path_of(key), bytes);
  } catch (const Error&) {
    return;
  } catch (const fs::filesystem_error&) {
    return;
  }
  evict();
}

void NetworkCache::evict() const {
  std::vector<Found> files = files_in(folder_);
  std::ranges::sort(files, std::greater<>(), &Found::used);
  uint64_t total = 0;
  std::error_code ignored;
  for (const Found& file : files) {
    total += file.bytes;
    if (total > limit_bytes_) fs::remove(file.path, ignored);
  }
}

void NetworkCache::remove(const std::string& key) const {
  std::error_code ignored;
  fs::remove(path_of(key), ignored);
}

void NetworkCache::clear() const {
  std::error_code ignored;
  if (!enabled()) return;
  for (const Found& file : files_in(folder_)) fs::remove(file.path, ignored);
}

uint64_t NetworkCache::bytes() const {
  uint64_t total = 0;
  if (enabled())
    for (const Found& file : files_in(folder_)) total += file.bytes;
  return total;
}

}  // namespace pentimento
