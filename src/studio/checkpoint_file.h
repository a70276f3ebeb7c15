// The memory of a job's run (samplers/run_memory.h) in a file, one record for each answer of the
// network, appended as it comes. What a kill or a power cut leaves half written is noticed by its
// check sum and dropped with all behind it.
//   file    "pentimento checkpoint 1\n"  key (64 hex digits)  "\n"  record*
//   record  question (64 hex digits)  u64 count  f32[count]  first 16 hex digits of the SHA-256 of
//           all that                                            (numbers in this computer's order)
// Limitations: at most 1 GiB; longer runs go on, but are kept only so far.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "samplers/run_memory.h"

namespace pentimento {

class CheckpointFile : public RunMemory {
 public:
  // `key` names everything else that decides the answers (program, model); a file with another key
  // is begun anew. Throws CodedError "disk_full" or "io".
  CheckpointFile(std::filesystem::path path, const std::string& key);
  ~CheckpointFile() override;
  CheckpointFile(const CheckpointFile&) = delete;
  CheckpointFile& operator=(const CheckpointFile&) = delete;

  std::optional<Vec> recall(const std::string& question) override;
  // Never throws: a run does not fail because it could not be kept. After a failed write nothing
  // more is kept.
  void keep(const std::string& question, const Vec& answer) override;
  void begin_picture() override;

  size_t steps() const { return records_.size(); }  // that are kept
  int recalled() const { return recalled_; }        // since the file was opened

 private:
  struct Record {
    std::string question;
    uint64_t at = 0, count = 0;  // of its numbers
  };
  void read_records();
  void forget_from(size_t record);

  std::filesystem::path path_;
  int fd_ = -1;
  uint64_t end_ = 0;  // of what is whole
  std::vector<Record> records_;
  size_t next_ = 0;
  int recalled_ = 0;
  bool broken_ = false;
  std::chrono::steady_clock::time_point synced_;
};

// How many answers a file keeps, by its sizes alone: quick, and 0 when there is no such file.
size_t steps_kept_in(const std::filesystem::path& path);

// The whole records at the beginning of a file's bytes, check sums included: what a
// CheckpointFile with the right key would find.
size_t count_checkpoint_records(std::span<const std::byte> bytes);

}  // namespace pentimento
