#include "base/read_ahead.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <vector>

#include "support/golden.h"

namespace pentimento {
namespace {

constexpr size_t kBytes = size_t{48} << 20;

void write_and_forget(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_CREAT | O_WRONLY, 0600);
  ASSERT_GE(fd, 0);
  const std::vector<char> piece(1 << 20, 'x');
  for (size_t done = 0; done < kBytes; done += piece.size())
    ASSERT_EQ(::write(fd, piece.data(), piece.size()), static_cast<ssize_t>(piece.size()));
  ::fsync(fd);
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  ::close(fd);
}

double share_in_memory(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY);
  void* data = ::mmap(nullptr, kBytes, PROT_READ, MAP_PRIVATE, fd, 0);
  ::close(fd);
  std::vector<unsigned char> pages(kBytes / static_cast<size_t>(::getpagesize()));
  ::mincore(data, kBytes, pages.data());
  ::munmap(data, kBytes);
  size_t present = 0;
  for (const unsigned char page : pages) present += page & 1u;
  return static_cast<double>(present) / static_cast<double>(pages.size());
}

TEST(ReadAhead, BringsAFileIntoMemory) {
  const testing::TempDir folder;
  const auto path = folder / "weights";
  write_and_forget(path);
  if (share_in_memory(path) > 0.5) GTEST_SKIP() << "this file system keeps what it has written";
  ReadAhead reading;
  reading.begin({folder / "missing", path});
  reading.finish();
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (share_in_memory(path) < 0.9 && std::chrono::steady_clock::now() < patience)
    ::usleep(10000);
  EXPECT_GE(share_in_memory(path), 0.9);
}

TEST(ReadAhead, AsksForNothingThatIsNotThereAndStopsWhenItGoes) {
  const testing::TempDir folder;
  {
    ReadAhead reading;
    reading.begin({folder / "missing", folder.path()});
    reading.finish();
    reading.finish();
  }
  write_and_forget(folder / "weights");
  ReadAhead reading;
  reading.begin({folder / "weights"});
  reading.begin({folder / "weights"});
}

}  // namespace
}  // namespace pentimento
