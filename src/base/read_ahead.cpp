#include "base/read_ahead.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/memory.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

constexpr off_t kPieceBytes = off_t{8} << 20;
constexpr uint64_t kWorthAsking = uint64_t{32} << 20;

uint64_t bytes_of(const std::vector<fs::path>& files) {
  uint64_t total = 0;
  for (const fs::path& file : files) {
    std::error_code error;
    const uintmax_t size = fs::file_size(file, error);
    if (!error) total += size;
  }
  return total;
}

// Blocks while the disk's queue is full, hence piece by piece.
void ask_for(const fs::path& file, const std::stop_token& stop) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  const off_t size = ::lseek(fd, 0, SEEK_END);
  for (off_t at = 0; at < size && !stop.stop_requested(); at += kPieceBytes)
    ::posix_fadvise(fd, at, kPieceBytes, POSIX_FADV_WILLNEED);
  ::close(fd);
}

}  // namespace

void ReadAhead::begin(std::vector<fs::path> files) {
  const uint64_t bytes = bytes_of(files), available = available_memory_bytes();
  if (bytes < kWorthAsking) return;
  if (available != 0 && available < bytes + bytes / 2) return;
  thread_ = std::jthread([files = std::move(files)](const std::stop_token& stop) {
    for (const fs::path& file : files) ask_for(file, stop);
  });
}

void ReadAhead::finish() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace pentimento
