// Files named by the SHA-256 of their bytes, under folder/ab/abcdef….ext. A file is whole or
// absent: temporary name, fsync, rename, fsync of the folder.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

namespace pentimento {

// 64 lower-case hex digits: the only names that ever become paths.
bool is_sha256(const std::string& text);

// Thread contract: share freely; two threads may put the same bytes.
class ContentStore {
 public:
  explicit ContentStore(std::filesystem::path folder);

  // Stores the bytes durably and returns their hash. `extension` is ours ("png"), never a client's.
  // Throws CodedError{Io, "disk_full"} when the disk has no room.
  std::string put(std::span<const std::byte> bytes, const std::string& extension);
  std::filesystem::path path(const std::string& sha256, const std::string& extension) const;
  bool has(const std::string& sha256, const std::string& extension) const;
  void remove(const std::string& sha256, const std::string& extension) const;

  // Every whole file with its hash and extension; leftovers of interrupted writes are deleted.
  void sweep(const std::function<void(const std::string& sha256, const std::string& extension)>&
                 each) const;

  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

std::string read_whole_file(const std::filesystem::path& path);  // throws NotFound, Io

}  // namespace pentimento
