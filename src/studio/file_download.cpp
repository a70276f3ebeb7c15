#include "studio/file_download.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <optional>
#include <thread>

#include "base/paths.h"
#include "base/sha256.h"
#include "studio/content_store.h"
#include "studio/loose_json.h"
#include "studio/pictures.h"
#include "studio/url.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr double kLongestWait_s = 60;

fs::path with_suffix(const fs::path& path, const char* suffix) {
  fs::path result = path;
  result += suffix;
  return result;
}

int64_t size_of(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  return error ? 0 : static_cast<int64_t>(size);
}

int64_t number_in(const std::string& text) {
  const bool number = !text.empty() && text.size() < 16 &&
                      text.find_first_not_of("0123456789") == std::string::npos;
  return number ? std::stoll(text) : -1;
}

// "bytes 10-99/100" -> 10 and 100; "bytes */100" -> -1 and 100; -1 where it does not say.
struct ContentRange {
  int64_t first = -1, total = -1;
};
ContentRange parse_content_range(const std::string& text) {
  ContentRange range;
  if (!text.starts_with("bytes ")) return range;
  const size_t slash = text.find('/'), dash = text.find('-');
  if (slash == std::string::npos) return range;
  range.total = number_in(text.substr(slash + 1));
  if (dash < slash) range.first = number_in(text.substr(6, dash - 6));
  return range;
}

class PartialFile {
 public:
  explicit PartialFile(const fs::path& path) : path_(path) {}
  ~PartialFile() { close(); }
  void open(bool afresh) {
    close();
    fd_ =
        ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (afresh ? O_TRUNC : O_APPEND), 0666);
    if (fd_ < 0) fail();
  }
  void write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail();
      bytes = bytes.subspan(static_cast<size_t>(n));
    }
  }
  void sync() {
    if (fd_ >= 0 && ::fsync(fd_) != 0) fail();
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  [[noreturn]] void fail() const {
    const bool full = errno == ENOSPC || errno == EDQUOT;
    throw CodedError(
        ErrorKind::Io, full ? "disk_full" : "io",
        path_.string() + ": cannot be written: " +
            (full ? "the disk is full; free some space and try again" : std::strerror(errno)));
  }
  fs::path path_;
  int fd_ = -1;
};

class Download {
 public:
  Download(const WebClient& web, const FileRequest& request, const DownloadOptions& options,
           const Progress& progress)
      : web_(web),
        request_(request),
        options_(options),
        progress_(progress),
        part_(with_suffix(request.target, ".part")),
        state_(with_suffix(request.target, ".state")),
        file_(part_) {}

  std::string run() {
    recall();
    int failures = 0;
    while (!complete()) {
      const int64_t before = have_;
      try {
        attempt();
        if (complete() || total_ == 0) break;
        throw WebError(ErrorKind::Io, "network", host() + ": the line broke", /*transient=*/true);
      } catch (const WebError& error) {
        failures = have_ > before ? 1 : failures + 1;
        if (!error.transient() || failures >= options_.most_failures) throw;
        wait(failures, error.retry_after_s());
      }
    }
    file_.sync();
    file_.close();
    return verified();
  }

 private:
  std::string host() const { return parse_https_url(request_.url).host; }
  bool complete() const { return total_ > 0 && have_ == total_; }

  // What an earlier run left, if it is of this very file.
  void recall() {
    total_ = request_.bytes;
    if (size_of(part_) == 0 || size_of(state_) == 0) return forget();
    const Json state = loose::parse(read_whole_file(state_));
    const int64_t total = loose::integer(state, "bytes");
    const bool same = loose::text(state, "sha256") == request_.sha256 &&
                      (!request_.sha256.empty() || loose::text(state, "url") == request_.url) &&
                      (request_.bytes == 0 || total == request_.bytes);
    if (!same || (total > 0 && size_of(part_) > total)) return forget();
    etag_ = loose::text(state, "etag");
    total_ = total;
    have_ = size_of(part_);
    if (etag_.empty() && request_.sha256.empty()) forget();  // nothing says it is the same file
  }

  void forget() {
    std::error_code ignored;
    fs::remove(part_, ignored);
    fs::remove(state_, ignored);
    have_ = 0;
    etag_.clear();
    total_ = request_.bytes;
  }

  void remember() const {
    const Json state = {
        {"url", request_.url}, {"sha256", request_.sha256}, {"etag", etag_}, {"bytes", total_}};
    write_file_atomically(state_, as_bytes(state.dump()));
  }

  void attempt() {
    WebRequest request{.url = request_.url, .headers = {}};
    if (have_ > 0) {
      request.headers.push_back("Range: bytes=" + std::to_string(have_) + "-");
      if (!etag_.empty()) request.headers.push_back("If-Range: " + etag_);
    }
    web_.fetch(
        request, [&](const WebResponse& response) { begin(response); },
        [&](std::span<const std::byte> bytes) { take(bytes); }, progress_);
  }

  void begin(const WebResponse& response) {
    if (response.status == 416) return cannot_continue(response);
    const ContentRange range = parse_content_range(response.header("content-range"));
    const bool continues = response.status == 206 && have_ > 0;
    if (continues &&
        (range.first != have_ || (total_ > 0 && range.total >= 0 && range.total != total_))) {
      forget();
      throw WebError(ErrorKind::Io, "network", host() + ": continued at the wrong place", true);
    }
    if (!continues) have_ = 0;  // the whole file again: it changed, or ranges are not known there
    const int64_t length = number_in(response.header("content-length"));
    int64_t total = continues && range.total > 0 ? range.total : 0;
    if (total == 0 && length > 0) total = have_ + length;
    check_size(total);
    if (total > 0) total_ = total;
    const std::string etag = response.header("etag");
    etag_ = etag.starts_with('"') ? etag : "";  // weak ones do not name bytes
    check_space();
    remember();
    file_.open(/*afresh=*/!continues);
    options_.on_bytes(have_, total_);
  }

  // Everything has arrived already, or what we hold is of another file.
  void cannot_continue(const WebResponse& response) {
    const int64_t total = parse_content_range(response.header("content-range")).total;
    if (total == have_ && have_ > 0) {
      check_size(total);
      total_ = total;
      return;
    }
    forget();
    throw WebError(ErrorKind::Io, "network", host() + ": cannot continue there", true);
  }

  void check_size(int64_t offered) const {
    if (offered > options_.most_bytes)
      throw CodedError(ErrorKind::InvalidArgument, "size_mismatch",
                       host() + ": offers " + spoken_bytes(offered) + ", more than any model has");
    if (request_.bytes > 0 && offered > 0 && offered != request_.bytes)
      throw CodedError(ErrorKind::CorruptFile, "size_mismatch",
                       host() + ": offers " + std::to_string(offered) +
                           " bytes where the source promised " + std::to_string(request_.bytes));
  }

  void check_space() const {
    struct statvfs disk {};
    if (total_ == 0 || ::statvfs(part_.parent_path().c_str(), &disk) != 0) return;
    const auto free = static_cast<int64_t>(disk.f_bavail * disk.f_frsize);
    const int64_t needed = total_ - have_ + options_.reserve_bytes;
    if (free >= needed) return;
    throw CodedError(ErrorKind::Io, "disk_full",
                     "there is no room for the file: it needs " + spoken_bytes(total_ - have_) +
                         " (and " + spoken_bytes(options_.reserve_bytes) + " to spare), " +
                         spoken_bytes(free) + " are free in " + part_.parent_path().string());
  }

  void take(std::span<const std::byte> bytes) {
    if (have_ + static_cast<int64_t>(bytes.size()) > (total_ > 0 ? total_ : options_.most_bytes)) {
      forget();
      throw WebError(ErrorKind::Io, "size_mismatch", host() + ": sends more than it announced",
                     /*transient=*/false);
    }
    file_.write(bytes);
    have_ += static_cast<int64_t>(bytes.size());
    options_.on_bytes(have_, total_);
  }

  void wait(int failures, int asked_s) const {
    const double backoff =
        options_.first_wait_s * static_cast<double>(1 << std::min(failures - 1, 16));
    const double seconds =
        std::min(kLongestWait_s, std::max(backoff, static_cast<double>(asked_s)));
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    while (std::chrono::steady_clock::now() < end) {
      progress_.cancel.throw_if_cancelled();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  std::string verified() {
    if (size_of(part_) == 0) {
      forget();
      throw CodedError(ErrorKind::CorruptFile, "size_mismatch", host() + ": sent an empty file");
    }
    std::string sha256 = sha256_file(part_, progress_);
    if (!request_.sha256.empty() && sha256 != request_.sha256) {
      forget();
      throw CodedError(ErrorKind::CorruptFile, "hash_mismatch",
                       host() + ": sent a file with the SHA-256 " + sha256 +
                           " where the source promised " + request_.sha256 +
                           "; it was deleted, try again or ask the source");
    }
    fs::rename(part_, request_.target);
    std::error_code ignored;
    fs::remove(state_, ignored);
    return sha256;
  }

  const WebClient& web_;
  const FileRequest& request_;
  const DownloadOptions& options_;
  const Progress& progress_;
  const fs::path part_, state_;
  PartialFile file_;
  int64_t have_ = 0, total_ = 0;
  std::string etag_;
};

}  // namespace

std::string download_file(const WebClient& web, const FileRequest& request,
                          const DownloadOptions& options, const Progress& progress) {
  std::error_code error;
  fs::create_directories(request.target.parent_path(), error);
  return Download(web, request, options, progress).run();
}

int64_t bytes_arrived(const fs::path& target) { return size_of(with_suffix(target, ".part")); }

std::string spoken_bytes(int64_t bytes) {
  const auto number = static_cast<double>(bytes);
  char text[40];
  if (bytes >= 1'000'000'000)
    std::snprintf(text, sizeof text, "%.1f GB", number / 1e9);
  else if (bytes >= 1'000'000)
    std::snprintf(text, sizeof text, "%.0f MB", number / 1e6);
  else
    std::snprintf(text, sizeof text, "%.0f kB", std::max(number / 1e3, bytes > 0 ? 1.0 : 0.0));
  return text;
}

}  // namespace pentimento
