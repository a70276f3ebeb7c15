#include "base/paths.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

fs::path from_environment(const char* own, const char* xdg, const char* under_home) {
  if (const char* value = std::getenv(own); value && *value) return value;
  if (const char* value = std::getenv(xdg); value && *value) return fs::path(value) / "pentimento";
  const char* home = std::getenv("HOME");
  return fs::path(home && *home ? home : "/tmp") / under_home / "pentimento";
}

[[noreturn]] void fail(const fs::path& path, const char* doing) {
  const int error = errno;
  std::string advice;
  if (error == ENOSPC) advice = "; free some space and try again";
  if (error == EACCES || error == EROFS) advice = "; choose a folder you may write to";
  if (error == ENOENT || error == ENOTDIR) advice = "; create the folder first";
  throw Error(ErrorKind::Io,
              path.string() + ": cannot be " + doing + ": " + std::strerror(error) + advice);
}

}  // namespace

Paths default_paths() {
  Paths paths;
  paths.data = from_environment("PENTIMENTO_DATA", "XDG_DATA_HOME", ".local/share");
  paths.cache = from_environment("PENTIMENTO_CACHE", "XDG_CACHE_HOME", ".cache");
  paths.config = from_environment("PENTIMENTO_CONFIG", "XDG_CONFIG_HOME", ".config");
  if (const char* value = std::getenv("PENTIMENTO_ASSETS"); value && *value) {
    paths.assets = value;
  } else {
    // Beside the program, as built (build/src) and as installed (bin): cmake/assets.cmake.
    std::error_code ignored;
    const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
    paths.assets = program.parent_path().parent_path() / "share/pentimento";
  }
  return paths;
}

void write_file_atomically(const fs::path& path, std::span<const std::byte> bytes) {
  fs::path temporary = path;
  temporary += ".part" + std::to_string(::getpid());
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) fail(path, "written");
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int error = errno;
      ::close(fd);
      ::unlink(temporary.c_str());
      errno = error;
      fail(path, "written");
    }
    done += static_cast<size_t>(n);
  }
  if (::fsync(fd) != 0 || ::close(fd) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    errno = error;
    fail(path, "written");
  }
}

}  // namespace pentimento
