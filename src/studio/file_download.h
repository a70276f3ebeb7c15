// One file fetched whole, however often the line breaks: what has arrived stays in a partial file
// and is continued (RFC 9110: Range with If-Range), also by a later run of the program. The bytes
// are checked against the size and the SHA-256 that the source promised before anyone sees them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/progress.h"
#include "studio/web_client.h"

namespace pentimento {

struct FileRequest {
  std::string url;
  std::filesystem::path target;  // a new file; TARGET.part and TARGET.state are kept while it comes
  int64_t bytes = 0;             // exactly; 0: not known
  std::string sha256;            // lower case; empty: not known
};

struct DownloadOptions {
  int most_failures = 6;    // in a row without a byte of progress
  double first_wait_s = 1;  // before the second attempt; doubled each time, at most a minute
  int64_t reserve_bytes = 256 << 20;  // left free on the disk
  int64_t most_bytes = int64_t{200} << 30;
  // Bytes so far and in all (0: not known); on the calling thread, often.
  std::function<void(int64_t done, int64_t total)> on_bytes = [](int64_t, int64_t) {};
};

// Returns the SHA-256 of the file. Throws WebError when the network or the source fails for good;
// CodedError "disk_full" with the numbers before the first byte, "hash_mismatch", "size_mismatch"
// (the partial file is deleted); Cancelled (it is kept).
std::string download_file(const WebClient& web, const FileRequest& request,
                          const DownloadOptions& options, const Progress& progress);

// Bytes of a file that have arrived so far in earlier attempts.
int64_t bytes_arrived(const std::filesystem::path& target);

// "1.9 GB", "320 MB": as shops write sizes.
std::string spoken_bytes(int64_t bytes);

}  // namespace pentimento
