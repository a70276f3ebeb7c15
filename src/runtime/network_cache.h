// A folder of compiled networks, bounded in bytes: the least recently used leave first.
// A file is "PTNC", its SHA-256, padding to 64 bytes, then what the runtime exported. Anything that
// does not check out is removed and compiled again.
// Limitations: two programs may share the folder; each counts only what it finds when it writes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace pentimento {

class MappedFile;

// Thread contract: one thread at a time.
class NetworkCache {
 public:
  // An empty folder switches the cache off. The folder is made when something is stored.
  NetworkCache(std::filesystem::path folder, uint64_t limit_bytes);

  bool enabled() const { return !folder_.empty(); }

  struct Entry {
    std::shared_ptr<const MappedFile> file;  // keeps `blob` alive
    std::span<const std::byte> blob;         // begins at a multiple of 64 bytes
  };
  // The entry stored under `key`, now the most recently used; without a file when there is none.
  Entry find(const std::string& key) const;
  // Stores and then removes the oldest beyond the limit. A full or read-only disk is no error: the
  // network is simply not cached.
  void put(const std::string& key, std::span<const std::byte> blob) const;
  void remove(const std::string& key) const;

  void clear() const;
  uint64_t bytes() const;

 private:
  std::filesystem::path path_of(const std::string& key) const;
  void evict() const;

  std::filesystem::path folder_;
  uint64_t limit_bytes_;
};

}  // namespace pentimento
