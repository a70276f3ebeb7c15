// A whole file mapped read-only. Limitation: if another program truncates the file while it is
// mapped, reading the missing pages raises SIGBUS; model folders are expected to be left alone
// while in use (downloads go to a temporary name).
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace pentimento {

// Thread contract: immutable after open; share freely.
class MappedFile {
 public:
  // Throws NotFound when the path is missing, CorruptFile when it is a directory or empty, Io else.
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::filesystem::path& path() const { return path_; }

 private:
  MappedFile(std::filesystem::path path, const std::byte* data, size_t size)
      : path_(std::move(path)), data_(data), size_(size) {}
  std::filesystem::path path_;
  const std::byte* data_;
  size_t size_;
};

}  // namespace pentimento
