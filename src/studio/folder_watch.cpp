#include "studio/folder_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <set>

namespace pentimento {
namespace {

namespace fs = std::filesystem;

// A file that is being copied matters when it is whole (CLOSE_WRITE), not when it begins.
constexpr uint32_t kEvents = IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE |
                             IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB | IN_ONLYDIR;

// What others do on such file systems the kernel does not see (linux/magic.h).
bool is_remote(const fs::path& folder) {
  constexpr std::array<long, 6> kRemote = {0x6969,                         // NFS
                                           0x517B,                         // SMB
                                           static_cast<long>(0xFF534D42),  // CIFS
                                           static_cast<long>(0xFE534D42),  // SMB2
                                           0x01021997,                     // 9P
                                           0x65735546};                    // FUSE
  struct ::statfs s {};
  if (::statfs(folder.c_str(), &s) != 0) return false;
  return std::ranges::count(kRemote, static_cast<long>(s.f_type)) > 0;
}

}  // namespace

FolderWatch::FolderWatch()
    : inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)), stop_(::eventfd(0, EFD_CLOEXEC)) {}

FolderWatch::~FolderWatch() {
  if (inotify_ >= 0) ::close(inotify_);
  if (stop_ >= 0) ::close(stop_);
}

bool FolderWatch::watch(std::span<const fs::path> folders) {
  const std::set<fs::path> wanted(folders.begin(), folders.end());
  for (auto it = watched_.begin(); it != watched_.end();) {
    if (wanted.contains(it->first)) {
      ++it;
      continue;
    }
    ::inotify_rm_watch(inotify_, it->second);
    folders_.erase(it->second);
    it = watched_.erase(it);
  }
  untold_ = 0;
  bool some_are_new = false;
  for (const fs::path& folder : wanted) {
    if (is_remote(folder)) ++untold_;
    if (watched_.contains(folder)) continue;
    const int id = inotify_ < 0 ? -1 : ::inotify_add_watch(inotify_, folder.c_str(), kEvents);
    if (id < 0) {
      ++untold_;
      continue;
    }
    watched_[folder] = id;
    folders_[id] = folder;
    some_are_new = true;
  }
  return some_are_new;
}

bool FolderWatch::matters(uint32_t mask, int watch, const char* name) const {
  if (mask & IN_IGNORED) return false;
  if (mask & (IN_Q_OVERFLOW | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE |
              IN_DELETE_SELF | IN_MOVE_SELF))
    return true;
  if (mask & IN_ISDIR) return true;
  // A file that has just begun is written to its end later; a link is whole at once.
  const auto folder = folders_.find(watch);
  struct ::stat s {};
  if (!(mask & IN_CREATE) || folder == folders_.end() ||
      ::lstat((folder->second / name).c_str(), &s) != 0)
    return false;
  return S_ISLNK(s.st_mode) || s.st_nlink > 1;
}

FolderWatch::Seen FolderWatch::next(int timeout_ms) {
  std::array<pollfd, 2> fds = {pollfd{stop_, POLLIN, 0}, pollfd{inotify_, POLLIN, 0}};
  ::poll(fds.data(), inotify_ < 0 ? 1 : 2, timeout_ms);
  if (fds[0].revents) return Seen::Stop;
  Seen seen = Seen::Nothing;
  alignas(inotify_event) std::array<char, 16384> bytes{};
  for (;;) {
    const ssize_t got = inotify_ < 0 ? 0 : ::read(inotify_, bytes.data(), bytes.size());
    if (got <= 0) return seen;
    for (ssize_t at = 0; at + static_cast<ssize_t>(sizeof(inotify_event)) <= got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(bytes.data() + at);
      if (matters(event->mask, event->wd, event->len ? event->name : "")) seen = Seen::Change;
      if (event->mask & IN_IGNORED)  // the folder is gone: should it come back, it is a new one
        if (const auto gone = folders_.find(event->wd); gone != folders_.end()) {
          watched_.erase(gone->second);
          folders_.erase(gone);
        }
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
}

bool FolderWatch::wait(int timeout_ms, int quiet_ms) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::milliseconds(timeout_ms);
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) return false;
    const Seen seen = next(static_cast<int>(left));
    if (seen == Seen::Stop) return false;
    if (seen == Seen::Change) break;
  }
  const auto latest = Clock::now() + std::chrono::milliseconds(10 * quiet_ms);
  while (Clock::now() < latest) {
    const Seen seen = next(quiet_ms);
    if (seen == Seen::Stop) return false;
    if (seen == Seen::Nothing) break;
  }
  return true;
}

void FolderWatch::stop() {
  const uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(stop_, &one, sizeof one);
}

}  // namespace pentimento
