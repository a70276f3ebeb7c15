#include "studio/checkpoint_file.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/sha256.h"
#include "studio/coded_error.h"

namespace pentimento {
namespace {

constexpr std::string_view kMagic = "pentimento checkpoint 1\n";
constexpr size_t kHash = 64, kCheck = 16, kHead = kMagic.size() + kHash + 1;
constexpr uint64_t kLargest = 1ull << 30, kMostValues = 64ull << 20;
constexpr size_t kBefore = kHash + sizeof(uint64_t);

uint64_t size_of(uint64_t count) { return kBefore + count * sizeof(float) + kCheck; }

std::string check_of(std::string_view bytes) {
  return sha256_hex(std::as_bytes(std::span(bytes.data(), bytes.size()))).substr(0, kCheck);
}

std::string head_of(const std::string& key) { return std::string(kMagic) + sha256_hex(key) + "\n"; }

bool read_at(int fd, uint64_t at, char* to, size_t size) {
  size_t done = 0;
  while (done < size) {
    const ssize_t n = ::pread(fd, to + done, size - done, static_cast<off_t>(at + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += static_cast<size_t>(n);
  }
  return true;
}

bool write_at(int fd, uint64_t at, std::string_view bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n =
        ::pwrite(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(at + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += static_cast<size_t>(n);
  }
  return true;
}

struct Found {
  std::string question;
  uint64_t at = 0, count = 0, end = 0;
};

enum class Look { AtSizes, AtEverything };

// The record at `at`, given a reader of the bytes there; nothing when it is not whole.
template <typename Read>
std::optional<Found> record_at(uint64_t at, uint64_t file_size, Look look, const Read& read) {
  std::string bytes(kBefore, '\0');
  if (at + size_of(0) > file_size || !read(at, bytes.data(), bytes.size())) return std::nullopt;
  uint64_t count = 0;
  std::memcpy(&count, bytes.data() + kHash, sizeof count);
  if (count > kMostValues || at + size_of(count) > file_size) return std::nullopt;
  if (look == Look::AtSizes) return Found{"", at + kBefore, count, at + size_of(count)};
  bytes.resize(size_of(count));
  if (!read(at + kBefore, bytes.data() + kBefore, bytes.size() - kBefore)) return std::nullopt;
  const size_t checked = bytes.size() - kCheck;
  if (check_of(std::string_view(bytes).substr(0, checked)) != bytes.substr(checked))
    return std::nullopt;
  return Found{bytes.substr(0, kHash), at + kBefore, count, at + size_of(count)};
}

[[noreturn]] void fail(const std::filesystem::path& path) {
  const bool full = errno == ENOSPC || errno == EDQUOT;
  throw CodedError(ErrorKind::Io, full ? "disk_full" : "io",
                   path.filename().string() + ": cannot be written: " + std::strerror(errno));
}

}  // namespace

CheckpointFile::CheckpointFile(std::filesystem::path path, const std::string& key)
    : path_(std::move(path)), synced_(std::chrono::steady_clock::now()) {
  fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (fd_ < 0) fail(path_);
  const std::string head = head_of(key);
  std::string found(kHead, '\0');
  if (read_at(fd_, 0, found.data(), found.size()) && found == head) {
    end_ = kHead;
    read_records();
  } else if (::ftruncate(fd_, 0) != 0 || !write_at(fd_, 0, head)) {
    const int error = errno;
    ::close(fd_);
    errno = error;
    fail(path_);
  }
  end_ = records_.empty() ? kHead : end_;
  if (::ftruncate(fd_, static_cast<off_t>(end_)) != 0) broken_ = true;
}

CheckpointFile::~CheckpointFile() {
  if (!broken_) ::fdatasync(fd_);
  ::close(fd_);
}

void CheckpointFile::read_records() {
  struct stat info {};
  if (::fstat(fd_, &info) != 0) return;
  const auto read = [&](uint64_t at, char* to, size_t n) { return read_at(fd_, at, to, n); };
  while (auto found =
             record_at(end_, static_cast<uint64_t>(info.st_size), Look::AtEverything, read)) {
    end_ = found->end;
    records_.push_back({std::move(found->question), found->at, found->count});
  }
}

std::optional<Vec> CheckpointFile::recall(const std::string& question) {
  if (next_ >= records_.size()) return std::nullopt;
  const Record& record = records_[next_];
  Vec answer(record.count);
  if (record.question != question ||
      !read_at(fd_, record.at, reinterpret_cast<char*>(answer.data()),
               answer.size() * sizeof(float))) {
    forget_from(next_);
    return std::nullopt;
  }
  ++next_;
  ++recalled_;
  return answer;
}

void CheckpointFile::keep(const std::string& question, const Vec& answer) {
  if (broken_ || end_ + size_of(answer.size()) > kLargest || question.size() != kHash) {
    broken_ = true;
    return;
  }
  std::string bytes = question;
  const uint64_t count = answer.size();
  bytes.append(reinterpret_cast<const char*>(&count), sizeof count);
  bytes.append(reinterpret_cast<const char*>(answer.data()), answer.size() * sizeof(float));
  bytes += check_of(bytes);
  // A kill leaves what was written; for a power cut it is synced, at most twice a second.
  const auto now = std::chrono::steady_clock::now();
  const bool sync = now - synced_ > std::chrono::milliseconds(500);
  if (!write_at(fd_, end_, bytes) || (sync && ::fdatasync(fd_) != 0)) {
    spdlog::warn("{}: the run cannot be kept any further: {}", path_.filename().string(),
                 std::strerror(errno));
    broken_ = true;
    return;
  }
  if (sync) synced_ = now;
  records_.push_back({question, end_ + kBefore, count});
  end_ += bytes.size();
  next_ = records_.size();
}

void CheckpointFile::begin_picture() {
  if (next_ > 0) forget_from(0);
}

void CheckpointFile::forget_from(size_t record) {
  if (record >= records_.size()) return;
  end_ = records_[record].at - kBefore;
  records_.resize(record);
  next_ = record;
  if (::ftruncate(fd_, static_cast<off_t>(end_)) != 0) broken_ = true;
}

namespace {

template <typename Read>
size_t count_records(uint64_t file_size, Look look, const Read& read) {
  std::string magic(kMagic.size(), '\0');
  if (file_size < kHead || !read(0, magic.data(), magic.size()) || magic != kMagic) return 0;
  size_t count = 0;
  uint64_t at = kHead;
  while (const auto found = record_at(at, file_size, look, read)) {
    at = found->end;
    ++count;
  }
  return count;
}

}  // namespace

size_t count_checkpoint_records(std::span<const std::byte> bytes) {
  const auto read = [&](uint64_t at, char* to, size_t n) {
    if (at > bytes.size() || n > bytes.size() - at) return false;
    std::memcpy(to, bytes.data() + at, n);
    return true;
  };
  return count_records(bytes.size(), Look::AtEverything, read);
}

size_t steps_kept_in(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return 0;
  struct stat info {};
  const auto read = [&](uint64_t at, char* to, size_t n) { return read_at(fd, at, to, n); };
  const size_t count = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode)
                           ? count_records(static_cast<uint64_t>(info.st_size), Look::AtSizes, read)
                           : 0;
  ::close(fd);
  return count;
}

}  // namespace pentimento
