#include "studio/content_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/sha256.h"
#include "studio/coded_error.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPartial = ".part";

[[noreturn]] void fail(const fs::path& path, int error) {
  if (error == ENOSPC || error == EDQUOT)
    throw CodedError(ErrorKind::Io, "disk_full",
                     path.filename().string() +
                         ": cannot be written: the disk is full; free some space and try again");
  throw CodedError(ErrorKind::Io, "io",
                   path.filename().string() + ": cannot be written: " + std::strerror(error));
}

struct File {
  int fd = -1;
  ~File() {
    if (fd >= 0) ::close(fd);
  }
};

void sync_folder(const fs::path& folder) {
  File file{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (file.fd < 0 || ::fsync(file.fd) != 0) fail(folder, errno);
}

void write_synced(const fs::path& path, std::span<const std::byte> bytes) {
  File file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666)};
  if (file.fd < 0) fail(path, errno);
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::write(file.fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path, errno);
    done += static_cast<size_t>(n);
  }
  if (::fsync(file.fd) != 0) fail(path, errno);
}

}  // namespace

bool is_sha256(const std::string& text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

ContentStore::ContentStore(fs::path folder) : folder_(std::move(folder)) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error)
    throw CodedError(ErrorKind::Io, "io",
                     folder_.string() + ": cannot be created: " + error.message());
}

fs::path ContentStore::path(const std::string& sha256, const std::string& extension) const {
  if (!is_sha256(sha256)) throw Error(ErrorKind::Internal, "content store: not a hash");
  return folder_ / sha256.substr(0, 2) / (sha256 + "." + extension);
}

bool ContentStore::has(const std::string& sha256, const std::string& extension) const {
  std::error_code error;
  return fs::is_regular_file(path(sha256, extension), error);
}

std::string ContentStore::put(std::span<const std::byte> bytes, const std::string& extension) {
  static std::atomic<uint64_t> counter{0};
  std::string sha256 = sha256_hex(bytes);
  const fs::path target = path(sha256, extension);
  if (has(sha256, extension)) return sha256;
  const fs::path folder = target.parent_path();
  std::error_code error;
  const bool created = fs::create_directory(folder, error);
  if (error) fail(folder, error.value());
  if (created) sync_folder(folder_);
  fs::path partial = target;
  partial += "." + std::to_string(::getpid()) + "-" + std::to_string(counter++) + kPartial;
  try {
    write_synced(partial, bytes);
    if (::rename(partial.c_str(), target.c_str()) != 0) fail(target, errno);
  } catch (...) {
    ::unlink(partial.c_str());
    throw;
  }
  sync_folder(folder);
  return sha256;
}

void ContentStore::remove(const std::string& sha256, const std::string& extension) const {
  std::error_code error;
  fs::remove(path(sha256, extension), error);
}

void ContentStore::sweep(const std::function<void(const std::string& sha256,
                                                  const std::string& extension)>& each) const {
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder_, error)) {
    if (!entry.is_regular_file(error)) continue;
    const fs::path& file = entry.path();
    if (file.extension() == kPartial) {
      fs::remove(file, error);
      continue;
    }
    const std::string sha256 = file.stem().string();
    if (is_sha256(sha256) && file.has_extension())
      each(sha256, file.extension().string().substr(1));
  }
}

std::string read_whole_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw CodedError(ErrorKind::NotFound, "not_found",
                     path.filename().string() + ": is not there any more");
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (file.bad())
    throw CodedError(ErrorKind::Io, "io", path.filename().string() + ": cannot be read");
  return bytes;
}

}  // namespace pentimento
