// A zip archive in memory (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, with
// ZIP64). libzip is the authority on what the archive holds; this class adds where the bytes of a
// stored entry lie, so that they can be used without a copy. Limitations: no encryption, no split
// archives, stored and deflated entries only.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

namespace pentimento {

class MappedFile;

// Bytes and what keeps them alive.
struct SharedBytes {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
};

// How much memory unpacking may still take. Weights hardly compress, so an archive that wants many
// times its own size is a bomb.
class UnpackBudget {
 public:
  UnpackBudget(std::string file, uint64_t file_bytes)
      : file_(std::move(file)), left_((uint64_t{64} << 20) + 16 * file_bytes) {}
  void take(uint64_t bytes, std::string_view what);  // throws CorruptFile when it is used up

 private:
  std::string file_;
  uint64_t left_;
};

// Thread contract: one thread at a time.
class ZipArchive {
 public:
  struct Entry {
    uint64_t index = 0;
    uint64_t size = 0;  // unpacked
    bool stored = false;
    std::span<const std::byte> packed;  // where they lie in the file
  };

  static bool looks_like_zip(std::span<const std::byte> bytes);

  // Throws CorruptFile when the archive contradicts itself, Unsupported when it is encrypted.
  explicit ZipArchive(std::shared_ptr<const MappedFile> file);
  ~ZipArchive();
  ZipArchive(const ZipArchive&) = delete;
  ZipArchive& operator=(const ZipArchive&) = delete;

  const std::map<std::string, Entry, std::less<>>& entries() const { return entries_; }

  // A stored entry is a view of the file, a deflated one is unpacked.
  SharedBytes read(std::string_view name, UnpackBudget& budget) const;

 private:
  [[noreturn]] void corrupt(const std::string& what) const;
  void list();

  struct Handle;
  std::shared_ptr<const MappedFile> file_;
  std::unique_ptr<Handle> handle_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace pentimento
