// Says when something changes in a list of folders: a file that was written to its end, moved,
// linked or deleted, a new folder. The kernel tells (inotify); folders it cannot tell about
// (network drives, or more than it allows) are for the caller to look at from time to time.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>

namespace pentimento {

// Thread contract: one thread at a time, except stop().
class FolderWatch {
 public:
  FolderWatch();
  ~FolderWatch();
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

  // From now on these and no others; whether some of them are new.
  bool watch(std::span<const std::filesystem::path> folders);
  // Whether changes of all of them are told.
  bool tells_of_all() const { return untold_ == 0; }

  // Waits until something has changed, then until nothing more changes for a moment (`quiet_ms`,
  // but at most ten times that). False when `timeout_ms` passed without a change, or stop() was
  // called.
  bool wait(int timeout_ms, int quiet_ms = 500);
  void stop();  // wait() returns at once, now and from now on; from any thread

 private:
  enum class Seen { Nothing, Change, Stop };
  Seen next(int timeout_ms);
  bool matters(uint32_t mask, int watch, const char* name) const;

  int inotify_ = -1, stop_ = -1;  // descriptors
  std::map<std::filesystem::path, int> watched_;
  std::map<int, std::filesystem::path> folders_;
  size_t untold_ = 0;
};

}  // namespace pentimento
