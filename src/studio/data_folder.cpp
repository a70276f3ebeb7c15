#include "studio/data_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "studio/coded_error.h"

namespace pentimento {

DataFolder::DataFolder(std::filesystem::path root) : root_(std::move(root)) {
  std::error_code error;
  std::filesystem::create_directories(root_, error);
  if (error)
    throw CodedError(ErrorKind::Io, "io",
                     root_.string() + ": cannot be created: " + error.message() +
                         "; choose another data folder");
  const std::filesystem::path lock = root_ / "lock";
  lock_fd_ = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_fd_ < 0)
    throw CodedError(ErrorKind::Io, "io",
                     lock.string() + ": cannot be opened: " + std::strerror(errno) +
                         "; choose a data folder you may write to");
  if (::flock(lock_fd_, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock_fd_);
    throw CodedError(
        ErrorKind::InvalidArgument, "conflict",
        root_.string() +
            ": is in use by another pentimento; stop that one, or choose another data folder");
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock_fd_, 0) != 0 || ::write(lock_fd_, pid.data(), pid.size()) < 0) {
    // The number is for people only; the lock holds without it.
  }
}

DataFolder::~DataFolder() { ::close(lock_fd_); }

}  // namespace pentimento
